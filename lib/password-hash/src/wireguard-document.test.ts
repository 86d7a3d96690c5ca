// Key pairs in each of the forms that Ruby's Psych gives them: `{'wg_priv' => …, 'wg_pub' => …}.to_yaml`.

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { test } from 'node:test';
import { formats } from './index.ts';

const wireguard = formats.get('wireguard') ?? assert.fail();
const random = (target: Uint8Array): void => {
  randomFillSync(target);
};

const documents = [
  '---\nwg_priv: kHudN40+vCwGhn7yUERV4Ol+q8FioMJl8JvLn5y2718=\nwg_pub: gl9D2jIdgtCtMNP+KuSVxpix0BRK2Edv0mRZbQk5ZA0=\n',
  '---\nwg_priv: 2FYY10Jkqy8cDTXSYuuxoPtNTmj5vqb+lpWx9Pg0VWE=\nwg_pub: "+1NMxP0oX4xTiU+l31GYu8yjmKs2qfC+hBjvp/0Ft0w="\n',
  '---\nwg_priv: CBFFBzKFqo3sYQz8kNNNgWLoe7hIvT2AElY8ZrWNZm4=\nwg_pub: "/KWhTZZDyxlaQ4oK1QWXuFYZg/ACWh5bYO4qAWzPQlE="\n',
  '---\nwg_priv: "+NgRki964d1BSVLwBLjRdAk+NLebNBEEkFXqG5AFNnk="\nwg_pub: a4NZU4iEcPf96IBy/0No2etPYMiOoIRVGQkJjSstc0s=\n',
  '---\nwg_priv: "+Hjlvx2EUEXCb3gyauyhNpC0ltfaeaH+AmDqb4Rp3FI="\nwg_pub: "+ghMv/K2Flm0sd41V9AYxq5t0JSJ05GCOBelzXml3kg="\n',
  '---\nwg_priv: "/0wGjTRkY3opn24W+EmKtFySK8+iczZwsTevuPfDE1M="\nwg_pub: "/y8bAET3UyrEYL9xF8g8CTia3RZhWnXXqBXk66ySoWg="\n',
];

for (const document of documents) {
  const [privateKey, publicKey] = [/wg_priv: "?([^"\n]+)/, /wg_pub: "?([^"\n]+)/].map(
    (field) => field.exec(document)?.[1],
  );

  test(`the document of ${publicKey} is the one that Ruby writes`, async () => {
    const material = Buffer.from(privateKey ?? '');
    const made = await wireguard.import?.({ key: 'k', material, options: {}, random, nowUnixMs: 0 });
    assert.equal(made?.kind === 'derived' && Buffer.from(made.value).toString(), document);
  });

  test(`what Ruby wrote of ${publicKey} is read, however its keys are quoted`, () => {
    for (const written of [document, document.replaceAll('"', "'"), document.replaceAll('"', '')]) {
      const shown = wireguard.render(Buffer.from(written), undefined);
      assert.equal(
        shown.kind === 'rendered' && Buffer.from(shown.text).toString(),
        `pub: ${publicKey}\npriv: ${privateKey}`,
      );
    }
  });
}

test('a quote that is not closed is no key', () => {
  const [, document = ''] = documents;
  for (const written of [document.replace('"', ''), document.replace('"\n', '\n'), document.replace('"\n', "'\n")]) {
    assert.equal(wireguard.render(Buffer.from(written), undefined).kind, 'refused');
  }
});
