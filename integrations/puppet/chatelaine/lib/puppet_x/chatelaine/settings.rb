# frozen_string_literal: true

require 'uri'
require 'yaml'

module PuppetX
  module Chatelaine
    # What the configuration file says: chatelaine.yaml, or a troclarc.yaml with `store: chatelaine`, so that the trocla
    # command and Puppet can share one.
    class Settings
      NAMES = %w[server token_file ca_file fingerprint].freeze

      # @return [Settings] those of a file, or of the file beside puppet.conf
      def self.read(file = nil)
        file ||= %w[chatelaine.yaml troclarc.yaml].map { |name| File.join(confdir, name) }.find { |path| File.exist?(path) }
        raise Puppet::ParseError, "there is neither chatelaine.yaml nor troclarc.yaml in #{confdir}" if file.nil?

        new(file)
      end

      def self.confdir
        File.dirname(Puppet.settings[:config])
      end

      attr_reader :file, :url, :ca_file, :fingerprint

      def initialize(file)
        @file = file
        given = options_in(file)
        unknown = given.keys - NAMES
        raise wrong("#{unknown.first} is not known; there are #{NAMES.join(', ')}") unless unknown.empty?

        @url = url_of(given['server'] || ENV.fetch('CHATELAINE_SERVER', nil))
        @token_file = given['token_file'] || ENV['CHATELAINE_TOKEN_FILE'] || raise(wrong('token_file is missing'))
        @ca_file = given['ca_file']
        @fingerprint = given['fingerprint']&.upcase
      end

      # Read each time it is needed: a token that was replaced is taken up.
      def token
        File.read(@token_file).strip
      rescue SystemCallError => e
        raise wrong("token_file cannot be read (#{e.class.name.split('::').last})")
      end

      private

      def options_in(file)
        loaded = YAML.safe_load(File.read(file), permitted_classes: [Symbol]) || {}
        raise wrong('is no hash') unless loaded.is_a?(Hash)

        loaded = loaded.transform_keys(&:to_s)
        if loaded.key?('store') || loaded.key?('store_options')
          raise wrong('store is not chatelaine') unless loaded['store'].to_s == 'chatelaine'

          loaded = (loaded['store_options'] || {}).transform_keys(&:to_s)
        end
        loaded
      rescue SystemCallError
        raise Puppet::ParseError, "Trocla config file #{file} is not readable"
      rescue Psych::Exception => e
        raise wrong(e.message)
      end

      def url_of(text)
        url = URI.parse(text.to_s)
        loopback = ['localhost', '[::1]'].include?(url.host) || url.host.to_s.start_with?('127.')
        return url if url.scheme == 'https' || (url.scheme == 'http' && loopback)

        raise wrong('server is no address such as https://keys.example.org:8443')
      rescue URI::InvalidURIError
        raise wrong('server is no address such as https://keys.example.org:8443')
      end

      def wrong(message)
        Puppet::ParseError.new("#{@file}: #{message}")
      end
    end
  end
end
