//! The node is killed under load, again and again: what a caller was given has its event, and the log is sound.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tests::{
    binary,
    house::{House, Wants},
    outside::client,
};

use crate::tell;

/// How often it is killed.
const KILLS: usize = 10;
/// Callers at once.
const CALLERS: usize = 16;

pub(crate) async fn run() {
    println!("\n## Killed under load, {KILLS} times\n\n| what | |\n|---|---|");
    let mut house = House::start(Wants::default()).await;
    let (ada, _) = house.granted().await;
    let object = house.proxy("/ga4gh/drs/v1/objects/a-cohort.vcf");
    let mut receipts = BTreeSet::new();
    for _ in 0..KILLS {
        let over = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| tokio::spawn(call(object.clone(), ada.clone(), Arc::clone(&over))))
            .collect();
        tokio::time::sleep(Duration::from_millis(500)).await;
        house.node.stop();
        over.store(true, Ordering::SeqCst);
        for caller in callers {
            receipts.extend(caller.await.unwrap());
        }
        house.node.again();
    }
    tell("answers that were given, each with a receipt", receipts.len());
    assert!(receipts.len() > KILLS, "there was a load");
    let folder = house.node.data().join("audit");
    let folder = folder.to_str().unwrap();
    let verified = binary::run(&["audit", "verify", folder]);
    assert_eq!(verified.code, 0, "{} {}", verified.out, verified.err);
    tell("the log", "sound");
    let log = audit_log::Reader::open(std::path::Path::new(folder)).unwrap();
    let kept = |receipt: &&(u64, String)| {
        let entry = log.events(receipt.0..receipt.0 + 1).unwrap_or_default();
        entry.first().map(|stored| STANDARD.encode(stored.leaf)).as_ref() == Some(&receipt.1)
    };
    let lost: Vec<_> = receipts.iter().filter(|receipt| !kept(receipt)).collect();
    assert!(lost.is_empty(), "receipts without their entry: {lost:?}");
    tell("of their entries missing, or other than promised", "0");
}

/// Asks until it is over; gives index and leaf of the entries that the answers promised.
async fn call(object: String, token: String, over: Arc<AtomicBool>) -> Vec<(u64, String)> {
    let (client, mut places) = (client(), Vec::new());
    while !over.load(Ordering::SeqCst) {
        let Ok(reply) = client.get(&object).bearer_auth(&token).send().await else {
            continue;
        };
        let receipt = reply.headers().get("visum-audit").and_then(|value| value.to_str().ok());
        let place = receipt.and_then(place);
        if reply.status().as_u16() == 200 {
            places.push(place.unwrap_or_else(|| panic!("an answer without a receipt")));
        }
    }
    places
}

/// Index and leaf of a receipt's header (`v1;ORIGIN#INDEX;LEAF;…`).
fn place(text: &str) -> Option<(u64, String)> {
    let mut parts = text.split(';').skip(1);
    let (_, index) = parts.next()?.rsplit_once('#')?;
    Some((index.parse().ok()?, parts.next()?.to_owned()))
}
