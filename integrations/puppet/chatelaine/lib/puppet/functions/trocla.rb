# frozen_string_literal: true

# @summary A password in a format: the stored one, or a new one.
#
# @example The plain password
#   $password = trocla('web_admin')
# @example A hash, always the same one
#   $hash = trocla('user1', 'sha512crypt')
# @example With options, also as a YAML string
#   $hash = trocla('db', 'pgsql', { 'username' => 'db', 'encode' => 'md5' })
# @example Wrapped, so that it shows in no log and no report
#   $password = trocla('web_admin', 'plain', { 'sensitive' => true })
Puppet::Functions.create_function(:trocla) do
  require_relative '../../puppet_x/chatelaine/passwords'

  # @param key its name
  # @param format plain, or a format such as sha512crypt
  # @param options what goes for a new password
  # @return the value
  dispatch :trocla do
    param 'String[1]', :key
    optional_param 'String[1]', :format
    optional_param 'Variant[String, Hash[String, Any]]', :options
    return_type 'Variant[String, Sensitive[String]]'
  end

  def trocla(key, format = 'plain', options = {})
    options = PuppetX::Chatelaine::Passwords.options(options)
    PuppetX::Chatelaine::Passwords.wrap(PuppetX::Chatelaine::Passwords.for.create(key, format, options), options)
  end
end
