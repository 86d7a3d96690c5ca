# frozen_string_literal: true

# @summary Stores a value as it is, and returns it or another format of the same password. What is stored already is left alone,
#   so that what was derived from it is the same in every run.
#
# @example A hash that comes from elsewhere
#   $hash = trocla_set('user1', '$6$...', 'sha512crypt')
# @example A password, of which a hash is wanted
#   $hash = trocla_set('user1', 'mysecret', 'plain', 'sha512crypt')
Puppet::Functions.create_function(:trocla_set) do
  require_relative '../../puppet_x/chatelaine/passwords'

  # @param key its name
  # @param value what is stored
  # @param format what the value is
  # @param return_format what is returned
  # @param options of the format that is returned
  # @return the value of that format
  dispatch :trocla_set do
    param 'String[1]', :key
    param 'Variant[String[1], Sensitive[String[1]]]', :value
    optional_param 'String[1]', :format
    optional_param 'Optional[String[1]]', :return_format
    optional_param 'Variant[String, Hash[String, Any]]', :options
    return_type 'Variant[String, Sensitive[String]]'
  end

  def trocla_set(key, value, format = 'plain', return_format = nil, options = {})
    options = PuppetX::Chatelaine::Passwords.options(options)
    value = value.unwrap if value.respond_to?(:unwrap)
    passwords = PuppetX::Chatelaine::Passwords.for
    passwords.set(key, format, value)
    PuppetX::Chatelaine::Passwords.wrap(returned(passwords, key, value, [format, return_format || format], options), options)
  end

  def returned(passwords, key, value, formats, options)
    format, wanted = formats
    return value if format == wanted

    found = passwords.get(key, wanted, options)
    return found unless found.nil?

    if wanted == 'plain' || passwords.get(key, 'plain').nil?
      raise Puppet::ParseError, "Plaintext password is not present, but required to return password in format #{wanted}"
    end

    passwords.create(key, wanted, options)
  end
end
