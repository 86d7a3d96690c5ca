# frozen_string_literal: true

# @summary A lookup_key function for Hiera 5: answers keys of the form `trocla_lookup::FORMAT::KEY` and
#   `trocla_hierarchy::FORMAT::KEY`, and no others.
#
# @example hiera.yaml
#   hierarchy:
#     - name: passwords
#       lookup_key: trocla_lookup_key
#       options:
#         trocla_hierarchy: ["nodes/%{trusted.certname}", defaults]
#         config: /etc/puppetlabs/puppet/chatelaine.yaml
# @example Data
#   myapp::password: "%{lookup('trocla_hierarchy::plain::myapp')}"
Puppet::Functions.create_function(:trocla_lookup_key) do
  require_relative '../../puppet_x/chatelaine/passwords'

  dispatch :trocla_lookup_key do
    param 'Variant[String, Numeric]', :key
    param 'Hash', :options
    param 'Puppet::LookupContext', :context
  end

  def trocla_lookup_key(key, options, context)
    method, format, name = key.to_s.split('::', 3)
    is_ours = %w[trocla_lookup trocla_hierarchy].include?(method)
    return context.not_found unless is_ours && !format.to_s.empty? && !name.to_s.empty?
    return context.cached_value(key) if context.cache_has_key(key)

    levels = levels_of(options)
    merged = options_for(name, format, context)
    wanted = merged['trocla_key'] || name
    passwords = PuppetX::Chatelaine::Passwords.for(options['config'])
    value = if method == 'trocla_lookup'
              passwords.create(wanted, format, merged)
            else
              in_hierarchy(passwords, wanted, format, levels, merged)
            end
    context.cache(key, PuppetX::Chatelaine::Passwords.wrap(value, merged))
  end

  # The nearest level that has it; if none has, it is made at the first one, or where the options say.
  def in_hierarchy(passwords, name, format, levels, options)
    levels.each do |level|
      found = passwords.get("hiera/#{level}/#{name}", format, options)
      return found unless found.nil?
    end
    level = (Array(options['order_override']) + levels).first
    passwords.create("hiera/#{level}/#{name}", format, options)
  end

  # What the data say of all passwords, of this one, and of either in this format.
  def options_for(name, format, context)
    general, own = ['trocla_options', "trocla_options::#{name}"].map do |key|
      found = call_function('lookup', key, Puppet::Pops::Types::PHashType::DEFAULT, 'hash', {})
      found.merge(found[format].is_a?(Hash) ? found[format] : {})
    end
    context.interpolate(general.merge(own))
  end

  def levels_of(options)
    unless options.key?('config')
      raise ArgumentError,
            "'trocla_lookup_key': config must be declared in options of hiera.yaml when using this lookup_key function"
    end
    levels = Array(options['trocla_hierarchy'])
    return levels unless levels.empty?

    raise ArgumentError,
          "'trocla_lookup_key': :trocla_hierarchy must be declared in trocla hierarchy of hiera.yaml when using this " \
          'lookup_key function'
  end
end
