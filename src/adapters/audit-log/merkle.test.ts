import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { Frontier, MerkleTree, rootFromProof } from './merkle.ts';

/** MTH of RFC 6962, 2.1, written as the standard writes it. */
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  const children = [naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k))];
  return createHash('sha256')
    .update(Buffer.concat([Buffer.of(1), ...children]))
    .digest();
}

const leafHashes = fc.array(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
  { maxLength: 70 },
);

void describe('the Merkle tree', () => {
  void test('has the root of RFC 6962, grown leaf by leaf or built at once', () => {
    fc.assert(
      fc.property(leafHashes, (leaves) => {
        const expected = naiveRoot(leaves).toString('hex');
        const hex = leaves.map((leaf) => leaf.toString('hex'));
        const frontier = new Frontier();
        for (const leaf of hex) frontier.add(leaf);
        assert.equal(frontier.root(), expected);
        assert.equal(new MerkleTree(hex).root(), expected);
      }),
    );
  });

  void test('proves each of its leaves, and no other leaf, place or size', () => {
    fc.assert(
      fc.property(
        leafHashes.filter((leaves) => leaves.length > 0),
        fc.nat(),
        fc.nat({ max: 31 }),
        (leaves, pick, bit) => {
          const hex = leaves.map((leaf) => leaf.toString('hex'));
          const tree = new MerkleTree(hex);
          const index = pick % hex.length;
          const leaf = hex[index] ?? '';
          const claim = { leaf, index, size: hex.length, proof: tree.inclusionProof(index) };
          assert.equal(rootFromProof(claim), tree.root());
          const changed = Buffer.from(leaf, 'hex');
          changed.writeUInt8(changed.readUInt8(bit) ^ 1, bit);
          assert.notEqual(rootFromProof({ ...claim, leaf: changed.toString('hex') }), tree.root());
          assert.notEqual(rootFromProof({ ...claim, proof: [...claim.proof, leaf] }), tree.root());
          assert.equal(rootFromProof({ ...claim, index: hex.length }), undefined);
          if (claim.proof.length > 0)
            assert.notEqual(rootFromProof({ ...claim, proof: claim.proof.slice(1) }), tree.root());
        },
      ),
    );
  });

  void test('agrees with a published tree of Certificate Transparency', () => {
    // google/trillian and certificate-transparency-go: the eight test leaves of RFC 6962 trees.
    const inputs = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const leaves = inputs.map((input) =>
      createHash('sha256')
        .update(Buffer.from(`00${input}`, 'hex'))
        .digest('hex'),
    );
    assert.equal(
      new MerkleTree(leaves).root(),
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    );
    assert.equal(
      new MerkleTree(leaves.slice(0, 3)).root(),
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    );
  });
});
