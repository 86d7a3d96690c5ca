# frozen_string_literal: true

require 'json'
require 'open3'
require 'yaml'

# Stands in for the gem of this name: the five methods that the Puppet module `trocla` uses, each a call of the trocla command of
# Chatelaine, with whatever store its configuration names. Secrets go through pipes, never through arguments.
class Trocla
  # Formats whose values end in a line break of their own.
  WITH_LINE_BREAK = %w[sha1 x509].freeze

  # The command, if it is not the first `trocla` of the path.
  COMMAND = ENV.fetch('CHATELAINE_TROCLA', 'trocla')

  def self.open(config_file = nil)
    trocla = new(config_file)
    return trocla unless block_given?

    begin
      yield trocla
    ensure
      trocla.close
    end
  end

  def initialize(config_file = nil)
    @config_file = config_file
  end

  # The stored value, or a new one.
  def password(key, format, options = {})
    value_of(format, *run('create', key, format, options))
  end

  # The stored value or nil.
  def get_password(key, format, options = {})
    value_of(format, *run('get', key, format, options))
  end

  # Stores a value as it is and returns it.
  def set_password(key, format, value, options = {})
    run('set', key, format, {}, ['--no-format', '-p'], "#{value}\n")
    get_password(key, format, options)
  end

  # A new value.
  def reset_password(key, format, options = {})
    value_of(format, *run('reset', key, format, options))
  end

  # Removes a format and returns what it was.
  def delete_password(key, format, _options = {})
    value_of(format, *run('delete', key, format))
  end

  def close; end

  private

  # What is for other programs than the command.
  def options_word(options)
    kept = options.reject { |name, _| %w[trocla_hierarchy order_override].include?(name) }
    kept.empty? ? [] : [JSON.generate(kept)]
  end

  def run(action, key, format, options = {}, switches = [], input = '')
    config = @config_file ? ['-c', @config_file] : []
    words = switches + ['--', action, key.to_s, format.to_s, *options_word(options)]
    output, complaint, status = Open3.capture3(COMMAND, *config, *words, stdin_data: input, binmode: true)
    return [output, status.exitstatus] if status.success? || complaint.empty?

    raise complaint[/message: (.*)/, 1] || complaint.lines.first.to_s.chomp
  rescue Errno::ENOENT
    raise "#{COMMAND} cannot be started; say where it is in CHATELAINE_TROCLA"
  end

  def value_of(format, output, status)
    return nil unless status.zero?

    output = output.chomp("\n") unless WITH_LINE_BREAK.include?(format)
    text = output.dup.force_encoding(Encoding::UTF_8)
    text.valid_encoding? ? text : output
  end
end
