// How the argument that names a machine is explained.

export const MACHINE_NAME = 'its name, such as web1 or zurich/rack1/web1';
