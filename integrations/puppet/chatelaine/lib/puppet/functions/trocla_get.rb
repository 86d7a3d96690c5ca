# frozen_string_literal: true

# @summary A password that is stored. Makes nothing.
#
# @example An error if there is none
#   $hash = trocla_get('user1', 'sha512crypt')
# @example undef if there is none
#   $hash = trocla_get('user1', 'sha512crypt', false)
# @example A part of a value
#   $certificate = trocla_get('www', 'x509', { 'render' => { 'certonly' => true } })
Puppet::Functions.create_function(:trocla_get) do
  require_relative '../../puppet_x/chatelaine/passwords'

  # @param key its name
  # @param format plain, or a format such as sha512crypt
  # @param options whether it is an error if there is none, or options with `raise_error` among them
  # @return the value
  dispatch :trocla_get do
    param 'String[1]', :key
    optional_param 'String[1]', :format
    optional_param 'Variant[Boolean, String, Hash[String, Any]]', :options
    return_type 'Variant[String, Sensitive[String], Undef]'
  end

  def trocla_get(key, format = 'plain', options = {})
    options = options_of(options)
    value = PuppetX::Chatelaine::Passwords.for.get(key, format, options)
    if value.nil? && options.fetch('raise_error', true)
      raise Puppet::ParseError, "No password found for key=#{key}, format=#{format}!"
    end

    PuppetX::Chatelaine::Passwords.wrap(value, options)
  end

  def options_of(given)
    return { 'raise_error' => given } if [true, false].include?(given)

    loaded = given.is_a?(String) ? YAML.safe_load(given) : given
    return { 'raise_error' => loaded } if [true, false].include?(loaded)
    return loaded if loaded.is_a?(Hash)

    raise Puppet::ParseError, 'Third argument to trocla_get must either be a boolean, yaml string or a hash'
  end
end
