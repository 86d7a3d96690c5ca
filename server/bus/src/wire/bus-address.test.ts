import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBusAddress } from './bus-address.ts';

test('a UNIX socket is found in an address', () => {
  assert.deepEqual(parseBusAddress('unix:path=/run/dbus/system_bus_socket'), ['/run/dbus/system_bus_socket']);
  assert.deepEqual(parseBusAddress('unix:guid=00ff,path=/a%20b;unix:abstract=/tmp/x;'), ['/a b', '\0/tmp/x']);
});

test('an address that leads elsewhere, or nowhere, is refused as a whole', () => {
  for (const address of [
    '',
    ';',
    'tcp:host=x,port=1',
    'unix:',
    'unix:path=relative',
    'unix:path=/a;tcp:host=x',
    'unix:path=%zz',
  ]) {
    assert.equal(parseBusAddress(address), undefined, address);
  }
});
