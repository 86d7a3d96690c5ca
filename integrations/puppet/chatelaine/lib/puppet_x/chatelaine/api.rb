# frozen_string_literal: true

require 'erb'
require 'json'
require 'net/http'
require 'openssl'
require 'securerandom'

module PuppetX
  module Chatelaine
    # The password operations of the HTTP API, over one connection that is kept. Nothing is sent before the server is known
    # to be the right one.
    class Api
      PATIENCE = 120

      # The server said no.
      class Refused < StandardError
        attr_reader :code

        def initialize(code, detail)
          @code = code
          super(detail)
        end
      end

      def initialize(settings)
        @settings = settings
        @lock = Mutex.new
      end

      # @return [String, nil] nil if nothing is stored
      def get(key, format, render = nil)
        query = render ? "?render=#{render}" : ''
        value_of(ask(Net::HTTP::Get, "#{path(key, format)}#{query}"))
      rescue Refused => e
        raise unless e.code == 'not-found'
      end

      def create(key, format, options, render = nil)
        value_of(ask(Net::HTTP::Post, path(key, format), { options: options, render: render }.compact))
      end

      # Stores a value as it is.
      def set(key, format, value)
        ask(Net::HTTP::Put, path(key, format), { value: [value].pack('m0'), asIs: true })
      end

      def close
        @lock.synchronize { disconnect }
      end

      private

      def path(*parts)
        "/v1/passwords/#{parts.map { |part| ERB::Util.url_encode(part) }.join('/')}"
      end

      def value_of(answer)
        value = answer['value'].unpack1('m0').force_encoding(Encoding::UTF_8)
        value.valid_encoding? ? value : value.b
      end

      def ask(kind, path, body = nil)
        request = kind.new(path, 'Authorization' => "Bearer #{@settings.token}")
        if body
          request['Content-Type'] = 'application/json'
          # A request that is sent again after the connection broke is done once.
          request['Idempotency-Key'] = SecureRandom.uuid
          request.body = JSON.generate(body)
        end
        result_of(@lock.synchronize { exchange(request) })
      end

      def exchange(request)
        attempts ||= 0
        connection.request(request)
      rescue IOError, SystemCallError, Net::OpenTimeout, OpenSSL::SSL::SSLError => e
        disconnect
        retry if (attempts += 1) < 2 && !e.is_a?(OpenSSL::SSL::SSLError)
        raise Puppet::ParseError, "#{@settings.url} cannot be asked: #{e.message}"
      end

      def result_of(response)
        parsed = JSON.parse(response.body.to_s)
        return parsed if response.code == '200'

        raise Refused.new(parsed['code'], "#{parsed['detail']} (#{parsed['code']})")
      rescue JSON::ParserError
        raise Puppet::ParseError, "#{@settings.url} answered with status #{response.code} and no JSON"
      end

      def connection
        @connection ||= connect
      end

      def connect
        http = Net::HTTP.new(@settings.url.hostname, @settings.url.port)
        http.open_timeout = 10
        http.read_timeout = PATIENCE
        http.keep_alive_timeout = 30
        if @settings.url.scheme == 'https'
          http.use_ssl = true
          http.ca_file = @settings.ca_file if @settings.ca_file
          # Then the certificate itself is compared.
          http.verify_mode = OpenSSL::SSL::VERIFY_NONE if @settings.fingerprint
        end
        http.start
        check_certificate(http)
        http
      end

      def check_certificate(http)
        return unless http.use_ssl? && @settings.fingerprint

        shown = OpenSSL::Digest::SHA256.hexdigest(http.peer_cert.to_der).upcase.scan(/../).join(':')
        return if shown == @settings.fingerprint

        http.finish
        raise Puppet::ParseError, "#{@settings.url} shows another certificate than that of the fingerprint"
      end

      def disconnect
        @connection&.finish if @connection&.started?
      rescue IOError
        nil
      ensure
        @connection = nil
      end
    end
  end
end
