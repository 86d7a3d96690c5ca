# frozen_string_literal: true

require 'yaml'
require_relative 'api'
require_relative 'settings'

module PuppetX
  module Chatelaine
    # What the functions have in common: one connection for each configuration file, options as Trocla has them, and values
    # that may be wrapped as Sensitive.
    class Passwords
      # Options that are for the function and not for the server.
      OWN = %w[render raise_error sensitive trocla_hierarchy order_override trocla_key].freeze

      @kept = {}
      @lock = Mutex.new

      # @return [Passwords] the one for a configuration file, kept for the life of the process
      def self.for(file = nil)
        settings = Settings.read(file)
        @lock.synchronize do
          changed = File.mtime(settings.file)
          kept, at = @kept[settings.file]
          return kept if kept && at == changed

          kept&.close
          made = new(Api.new(settings))
          @kept[settings.file] = [made, changed]
          made
        end
      end

      # Options given as a hash, or as a text in YAML.
      def self.options(given)
        return {} if given.nil?
        return given if given.is_a?(Hash)

        loaded = YAML.safe_load(given)
        return {} if loaded.nil?
        raise Puppet::ParseError, 'options must be a hash, or a YAML string of one' unless loaded.is_a?(Hash)

        loaded
      end

      def self.wrap(value, options)
        return value if value.nil? || !options['sensitive']

        Puppet::Pops::Types::PSensitiveType::Sensitive.new(value)
      end

      def initialize(api)
        @api = api
      end

      def create(key, format, options = {})
        failing(key, format) { @api.create(key, format, options.reject { |name, _| OWN.include?(name) }, part(options)) }
      end

      # @return [String, nil]
      def get(key, format, options = {})
        failing(key, format) { @api.get(key, format, part(options)) }
      end

      # Stores a value as it is; one that is stored already stays, with everything that was derived from it.
      def set(key, format, value)
        failing(key, format) { @api.set(key, format, value) unless @api.get(key, format) == value }
        value
      end

      def close
        @api.close
      end

      private

      # The first flag of `render` that is on.
      def part(options)
        render = options['render']
        return nil unless render.is_a?(Hash)

        render.find { |_, on| on }&.first
      end

      def failing(key, format)
        yield
      rescue Api::Refused => e
        raise Puppet::ParseError, "password #{key}, format #{format}: #{e.message}"
      end
    end
  end
end
