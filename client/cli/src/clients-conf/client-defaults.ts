// What a clients.conf leaves out. mandos-clients.conf(5)

/** Defaults of Mandos, as they would be written in the file. */
export const clientDefaults: Readonly<Record<string, string>> = {
  timeout: 'PT5M',
  extended_timeout: 'PT15M',
  interval: 'PT2M',
  checker: 'fping -q -- %%(host)s',
  host: '',
  approval_delay: 'PT0S',
  approval_duration: 'PT1S',
  approved_by_default: 'True',
  enabled: 'True',
};
