//! The published vectors (`tests/vectors.json`), and properties against a tree by definition.

use proptest::prelude::*;
use serde_json::Value;

use super::proof::consistent;
use super::tile_path::{Kind, TilePath};
use super::tiles::Tiler;
use super::*;
use crate::checkpoint::Checkpoint;
use crate::note::{LogKey, VKey};
use crate::pseudonym::{PersonKey, Pseudonym};
use crate::receipt::{Batch, Promise, Receipt};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/vectors.json")).unwrap()
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn hash(value: &Value) -> Hash {
    hex(value).try_into().unwrap()
}

fn hashes(value: &Value) -> Vec<Hash> {
    value.as_array().unwrap().iter().map(hash).collect()
}

fn entries(vectors: &Value) -> Vec<Vec<u8>> {
    let mut entries: Vec<Vec<u8>> = vectors["leaves_hex"].as_array().unwrap().iter().map(hex).collect();
    entries.extend((8..300).map(|index| format!("entry-{index}").into_bytes()));
    entries
}

fn leaves(vectors: &Value) -> Vec<Hash> {
    entries(vectors).iter().map(|entry| leaf_hash(entry)).collect()
}

#[test]
fn roots_are_those_of_the_vectors() {
    let vectors = vectors();
    let leaves = leaves(&vectors);
    assert_eq!(hash(&vectors["empty_root"]), EMPTY_ROOT);
    assert_eq!(Growing::default().root(), EMPTY_ROOT);
    let mut growing = Growing::default();
    let mut seen = 0;
    for (index, leaf) in leaves.iter().enumerate() {
        growing.push(*leaf);
        for case in vectors["roots"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|case| case["size"] == index + 1)
        {
            assert_eq!(growing.root(), hash(&case["root"]), "size {}", index + 1);
            assert_eq!(Levels::new(leaves[..=index].to_vec()).root(), growing.root());
            seen += 1;
        }
    }
    assert_eq!(seen, 19);
}

#[test]
fn proofs_are_made_and_checked_as_in_the_vectors() {
    let vectors = vectors();
    let leaves = leaves(&vectors);
    let number = |value: &Value| value.as_u64().unwrap();
    for case in vectors["inclusion"].as_array().unwrap() {
        let (index, size, path) = (number(&case["index"]), number(&case["size"]), hashes(&case["path"]));
        let tree = Levels::new(leaves[..size as usize].to_vec());
        assert_eq!(tree.inclusion(index), Some(path.clone()), "{case}");
        assert_eq!(
            root_from_path(hash(&case["leaf_hash"]), index, size, &path),
            Some(hash(&case["root"]))
        );
    }
    for case in vectors["consistency"].as_array().unwrap() {
        let (first, second, proof) = (number(&case["first"]), number(&case["second"]), hashes(&case["proof"]));
        let tree = Levels::new(leaves[..second as usize].to_vec());
        assert_eq!(tree.consistency(first), Some(proof.clone()), "{case}");
        assert!(consistent(
            first,
            &hash(&case["first_root"]),
            second,
            &hash(&case["second_root"]),
            &proof
        ));
    }
    for case in vectors["negative"].as_array().unwrap() {
        let good = if case["kind"] == "inclusion" {
            let leaf = hash(&case["leaf_hash"]);
            root_from_path(
                leaf,
                number(&case["index"]),
                number(&case["size"]),
                &hashes(&case["path"]),
            ) == Some(hash(&case["root"]))
        } else {
            let (first, second) = (number(&case["first"]), number(&case["second"]));
            let roots = (hash(&case["first_root"]), hash(&case["second_root"]));
            consistent(first, &roots.0, second, &roots.1, &hashes(&case["proof"]))
        };
        assert!(!good, "{}", case["why"]);
    }
    let caution = &vectors["caution"][0];
    let path = hashes(&caution["path"]);
    assert_eq!(
        root_from_path(hash(&caution["leaf_hash"]), 0, 4, &path),
        Some(hash(&caution["root"]))
    );
    let of_size_8 = Checkpoint {
        origin: "o".to_owned(),
        size: 8,
        root: hash(&caution["root"]),
    };
    let inner = hex(&caution["leaf_hash"]);
    assert!(
        !verify_inclusion(&of_size_8, 0, &inner, &path),
        "the public way takes no inner node as a leaf"
    );
}

#[test]
fn tiles_and_bundles_are_those_of_the_vectors() {
    let vectors = vectors();
    for case in vectors["tile_paths"].as_array().unwrap() {
        let kind = case["level"]
            .as_u64()
            .map_or(Kind::Entries, |level| Kind::Hashes(level as u8));
        let path = TilePath {
            kind,
            n: case["index"].as_u64().unwrap(),
            width: case["width"].as_u64().unwrap() as usize,
        };
        assert_eq!(path.to_string(), case["path"].as_str().unwrap());
        assert_eq!(TilePath::parse(&path.to_string()), Some(path));
    }
    for other in [
        "tile/00/000",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/x000/001",
        "tile/8/000",
        "tile/0/000/",
    ] {
        assert_eq!(TilePath::parse(other), None, "{other}");
    }
    let mut tiler = Tiler::default();
    let mut tiles = Vec::new();
    for entry in entries(&vectors) {
        tiles.extend(tiler.push(&entry, leaf_hash(&entry)));
    }
    tiles.extend(tiler.partial().cloned());
    let tile = |path: &str| {
        let tile = tiles.iter().find(|tile| tile.path().to_string() == path).expect(path);
        tile.bytes().to_vec()
    };
    assert_eq!(sha256(&[&tile("tile/0/000")]), hash(&vectors["tile_0_000_sha256"]));
    assert_eq!(
        sha256(&[&tile("tile/0/001.p/44")]),
        hash(&vectors["tile_0_001_p_44_sha256"])
    );
    assert_eq!(tile("tile/1/000.p/1"), hex(&vectors["tile_1_000_p_1"]));
    assert_eq!(
        tile("tile/entries/000").len() as u64,
        vectors["entries_000_len"].as_u64().unwrap()
    );
    assert_eq!(
        sha256(&[&tile("tile/entries/000")]),
        hash(&vectors["entries_000_sha256"])
    );
}

#[test]
fn the_published_checkpoint_verifies_with_its_witness() {
    let vectors = &vectors()["checkpoint"];
    let note = vectors["note"].as_str().unwrap();
    let log: VKey = vectors["log_vkey"].as_str().unwrap().parse().unwrap();
    let witness: VKey = vectors["witness_vkey"].as_str().unwrap().parse().unwrap();
    let key = LogKey::from_seed(&hash(&vectors["log_seed_hex"])).unwrap();
    assert_eq!(key.vkey(log.name()).unwrap(), log);
    let (head, signed) = Checkpoint::verify(note, &log, &[&witness]).unwrap();
    assert_eq!((head.size, signed.len()), (300, 2));
    assert_eq!(signed[1].witness_time, vectors["witness_time"].as_u64());
    let own = head.sign(&key, &log);
    assert!(note.starts_with(&own), "signing it again gives the same bytes");
    assert!(
        Checkpoint::verify(note, &witness, &[&log]).is_err(),
        "a witness's word is not the log's"
    );
}

#[test]
fn promises_are_signed_and_checked_as_in_the_vectors() {
    let vectors = vectors();
    let leaves = leaves(&vectors);
    let log: VKey = vectors["checkpoint"]["log_vkey"].as_str().unwrap().parse().unwrap();
    let key = LogKey::from_seed(&hash(&vectors["checkpoint"]["log_seed_hex"])).unwrap();
    let batch = |first: usize, end: usize| {
        let batch = Batch::sign(
            &key,
            log.clone(),
            first as u64,
            leaves[first..end].to_vec(),
            1_795_608_000,
        );
        std::sync::Arc::new(batch)
    };
    for case in vectors["promise"]["good"].as_array().unwrap() {
        let (index, header) = (case["index"].as_u64().unwrap(), case["header"].as_str().unwrap());
        let batch = if index == 0 { batch(0, 1) } else { batch(3, 8) };
        let place = if index == 0 { 0 } else { index - 3 };
        assert_eq!(Receipt { batch, place }.header_value(), header);
        let promise = Promise::check(header, &log).unwrap();
        assert_eq!((promise.index, promise.leaf), (index, leaves[index as usize]));
    }
    for case in vectors["promise"]["bad"].as_array().unwrap() {
        assert!(
            Promise::check(case["header"].as_str().unwrap(), &log).is_err(),
            "{}",
            case["why"]
        );
    }
}

#[test]
fn pseudonyms_change_with_the_month_as_in_the_vectors() {
    let vectors = &vectors()["pseudonym"];
    let key = PersonKey::from_bytes(hash(&vectors["k_s_hex"]));
    for case in vectors["p"].as_array().unwrap() {
        let month = case["month"].as_str().unwrap();
        let pseudonym = Pseudonym::of(&key, vectors["origin"].as_str().unwrap(), month);
        assert_eq!(pseudonym.as_str(), case["p"].as_str().unwrap(), "{month}");
    }
}

/// The root by the words of RFC 6962 section 2.1.
fn by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        more => {
            let mut half = 1;
            while half * 2 < more.len() {
                half *= 2;
            }
            node_hash(&by_definition(&more[..half]), &by_definition(&more[half..]))
        }
    }
}

#[test]
fn every_proof_up_to_33_leaves_holds_and_none_of_its_changes() {
    let leaves: Vec<Hash> = (0..33u8).map(|n| leaf_hash(&[n])).collect();
    for size in 1..=leaves.len() {
        let tree = Levels::new(leaves[..size].to_vec());
        let root = by_definition(&leaves[..size]);
        assert_eq!(tree.root(), root);
        for index in 0..size as u64 {
            let path = tree.inclusion(index).unwrap();
            let found = |path: &[Hash], index| {
                root_from_path(leaves[index as usize % 33], index, size as u64, path) == Some(root)
            };
            assert!(found(&path, index), "{index} of {size}");
            assert!(!found(&[path.clone(), vec![root]].concat(), index), "one long");
            if let Some((_, shorter)) = path.split_last() {
                assert!(!found(shorter, index), "one short");
            }
            assert!(!found(&path, index + 1), "another index");
        }
        for first in 0..=size {
            let proof = tree.consistency(first as u64).unwrap();
            let older = by_definition(&leaves[..first]);
            let holds =
                |first: usize, older: &Hash, proof: &[Hash]| consistent(first as u64, older, size as u64, &root, proof);
            assert!(holds(first, &older, &proof), "{first} to {size}");
            assert!(!holds(first, &older, &[proof.clone(), vec![root]].concat()), "one long");
            if let Some((_, shorter)) = proof.split_last() {
                assert!(!holds(first, &older, shorter), "one short");
            }
            assert!(!holds(first, &leaf_hash(b"other"), &proof), "another root");
        }
    }
}

proptest! {
    #[test]
    fn growing_levels_and_definition_agree(bytes in prop::collection::vec(any::<u8>(), 0..600), pick in any::<prop::sample::Index>()) {
        let leaves: Vec<Hash> = bytes.iter().map(|byte| leaf_hash(&[*byte])).collect();
        let mut growing = Growing::default();
        leaves.iter().for_each(|leaf| growing.push(*leaf));
        let tree = Levels::new(leaves.clone());
        prop_assert_eq!(growing.root(), by_definition(&leaves));
        prop_assert_eq!(tree.root(), growing.root());
        if !leaves.is_empty() {
            let at = pick.index(leaves.len());
            let path = tree.inclusion(at as u64).unwrap();
            prop_assert_eq!(root_from_path(leaves[at], at as u64, leaves.len() as u64, &path), Some(tree.root()));
            let older = by_definition(&leaves[..at]);
            let proof = tree.consistency(at as u64).unwrap();
            prop_assert!(consistent(at as u64, &older, leaves.len() as u64, &tree.root(), &proof));
        }
    }
}
