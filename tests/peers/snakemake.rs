//! Snakemake with its TES executor and its S3 plug-in, unmodified: its jobs as tasks behind the gate, its files at the
//! storage door with a session's keys, compute-only inputs in an S3 store that answers to the node's own key alone. The
//! tasks' network is closed but for the door; their image is named by the digest of all that it holds.

use std::path::{Path, PathBuf};

use sample_node::{Credential, S3Settings, StoreSettings};
use serde_json::{Value, json};
use tests::{
    house::{DATASET, House, Wants},
    outside,
    s3::S3,
};

use crate::script::peer;

/// The bucket that the catalogue names, and the key pair of the DRS at its store.
const BUCKET: &str = "cohort-bucket";
const KEY: &str = "drs-of-the-node";

/// Eight jobs that read the cohort, a checkpoint that joins them, one that ends: ten tasks; and a rule that runs where
/// Snakemake does, on a derived file.
const WORKFLOW: &str = r#"
PARTS = ["chr1-A", "chr1-C", "chr1-G", "chr1-T", "chr2-A", "chr2-C", "chr2-G", "chr2-T"]
localrules: all, local

def joined(wildcards):
    with checkpoints.join.get().output[0].open() as file:
        assert len(file.read().split()) == len(PARTS)
    return "joined.txt"

rule all:
    input: "local.txt"

rule count:
    input: storage.s3("s3://cohort-bucket/a-cohort.vcf")
    output: temp("parts/{chrom}-{base}.txt")
    shell:
        "for at in OTHERS; do if (exec 3<>/dev/tcp/$at) 2>/dev/null; then exit 9; fi; done; "
        "test ! -e /var && test ! -e /home && "
        "echo {wildcards} > /tmp/own && test ! -e /tmp/other && touch /tmp/other && "
        "grep -v '^#' {input} | awk -v c={wildcards.chrom} -v b={wildcards.base} '$1 == c && $4 == b' | wc -l > {output}"

checkpoint join:
    input: expand("parts/{part}.txt", part=PARTS)
    output: "joined.txt"
    shell: "cat {input} > {output}"

rule report:
    input: joined
    output: "report.txt"
    shell: "awk '{{ n += $1 }} END {{ print n }}' {input} > {output}"

rule local:
    input: "report.txt"
    output: "local.txt"
    shell: "cp {input} {output}"
"#;

/// The same beginning, with an input that nobody granted.
const FORBIDDEN: &str = r#"
rule all:
    input: "one.txt", "two.txt"

rule one:
    input: storage.s3("s3://cohort-bucket/a-cohort.vcf")
    output: "one.txt"
    shell: "wc -l {input} > {output}"

rule two:
    input: storage.s3("s3://visum-inputs/b/b-cohort.vcf")
    output: "two.txt"
    shell: "wc -l {input} > {output}"
"#;

struct Bench {
    house: House,
    ada: String,
    image: String,
    store: String,
    log: PathBuf,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = peer("s3-moto.sh", &[], &[]);
        assert_eq!(store.code, 0, "{}", store.err);
        let mut lines = store.out.lines().rev();
        let endpoint = lines.next().unwrap().to_owned();
        let log = PathBuf::from(lines.next().unwrap());
        let told = peer("snakemake.sh", &["image"], &[]);
        assert_eq!(told.code, 0, "{}", told.err);
        let folder_of_image = PathBuf::from(told.out.trim());
        let house = House::start(Wants {
            compute_only: true,
            door: Some("networks = [\"127.0.0.0/8\"]".to_owned()),
            drs_lines: Some(format!("byte_hosts = [\"{}\"]", endpoint.trim_start_matches("http://"))),
            store: Some(StoreSettings {
                s3: S3Settings {
                    endpoint: endpoint.clone(),
                    region: "us-east-1".to_owned(),
                    key: KEY.to_owned(),
                    secret: Credential::new("a-secret-of-the-drs-alone").unwrap(),
                },
                bucket: BUCKET.to_owned(),
            }),
            image: Some(folder_of_image),
            closed_network: true,
            ..Wants::default()
        })
        .await;
        let custodian = S3::of(&json!({ "s3": {
            "endpoint": endpoint, "access_key_id": "custodian", "secret_access_key": "a-secret-of-the-custodian", "region": "us-east-1"
        } }));
        assert_eq!(custodian.put(&format!("/{BUCKET}"), b"").await.status, 200);
        for object in house.sample.objects() {
            let bytes = std::fs::read(&object.file).unwrap();
            let put = custodian.put(&format!("/{BUCKET}/{}", object.id), &bytes).await;
            assert_eq!(put.status, 200, "{}", put.text());
        }
        let (ada, _) = house.granted().await;
        let image = house.sample.image("snakemake").unwrap().to_owned();
        Self {
            house,
            ada,
            image,
            store: endpoint,
            log,
            folder,
        }
    }

    /// Starts a session and lays a workflow beside its keys.
    async fn session(&self, name: &str, workflow: &str) -> PathBuf {
        let body = json!({ "datasets": [DATASET], "images": [self.image], "out": [] });
        let started = outside::post(&self.house.proxy("/visum/v1/sessions"), Some(&self.ada), &body).await;
        assert_eq!(started.status, 201, "{}", started.text());
        let told = started.json();
        let text = |pointer: &str| {
            told.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let lines = [
            ("TES_TOKEN", "/token"),
            ("AWS_ENDPOINT_URL_S3", "/s3/endpoint"),
            ("AWS_REGION", "/s3/region"),
            ("AWS_ACCESS_KEY_ID", "/s3/access_key_id"),
            ("AWS_SECRET_ACCESS_KEY", "/s3/secret_access_key"),
            ("VISUM_SCRATCH", "/s3/scratch"),
        ]
        .map(|(name, pointer)| format!("export {name}='{}'\n", text(pointer)))
        .concat();
        let lines = format!("{lines}export TES_ENDPOINT='{}'\n", self.house.node.at.proxy);
        std::fs::write(folder.join("session"), lines).unwrap();
        std::fs::write(folder.join("Snakefile"), workflow).unwrap();
        folder
    }

    async fn run(&self, folder: &Path, arguments: &[&str]) -> tests::binary::Said {
        let mut all = vec!["run".to_owned(), folder.display().to_string()];
        all.extend(arguments.iter().map(|&text| text.to_owned()));
        let image = self.image.clone();
        tokio::task::spawn_blocking(move || {
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            peer("snakemake.sh", &all, &[("VISUM_IMAGE", &image)])
        })
        .await
        .unwrap()
    }
}

/// What the store's log says from a line on: method, key, and the key id that signed it.
fn accesses(log: &Path, from: usize) -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string(log).unwrap();
    let lines = text.lines().skip(from);
    let requests = lines.filter_map(|line| line.split('"').nth(1));
    let parts = requests.map(|request| {
        let mut words = request.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let signed = query.split('&').find_map(|pair| pair.strip_prefix("X-Amz-Credential="));
        let key = signed
            .and_then(|scope| scope.split(['/', '%']).next())
            .unwrap_or_default();
        // some lines are coloured
        let method = method.rsplit('m').next().unwrap_or_default();
        (method.to_owned(), path.to_owned(), key.to_owned())
    });
    parts.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn peer_snakemake_runs_ten_jobs_on_compute_only_inputs_through_gate_and_door() {
    let bench = Bench::start().await;
    let before = std::fs::read_to_string(&bench.log).unwrap().lines().count();

    // one input that nobody granted: nothing runs, and the user reads why
    let folder = bench.session("forbidden", FORBIDDEN).await;
    let denied = bench.run(&folder, &[]).await;
    assert_ne!(denied.code, 0, "{}{}", denied.out, denied.err);
    let told = format!("{}{}", denied.out, denied.err);
    // an answer to HEAD has no words: it names the file, and that it is forbidden
    for words in ["s3://visum-inputs/b/b-cohort.vcf", "403", "Forbidden"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(bench.house.backend_tasks().await.is_empty(), "no task was sent");
    assert!(accesses(&bench.log, before).is_empty(), "the store heard of nothing");

    // what each of the eight jobs tries to reach, and can't: the store, the gate, the task server
    let others = [&bench.store, &bench.house.node.at.proxy, bench.house.sample.tes()];
    let others = others.map(|url| {
        url.trim_start_matches("http://")
            .replace(':', "/")
            .replace("localhost", "127.0.0.1")
    });
    for other in &others {
        let there = tokio::net::TcpStream::connect(other.replace('/', ":")).await;
        assert!(there.is_ok(), "{other} listens outside of the tasks' network");
    }
    let folder = bench
        .session("ten", &WORKFLOW.replace("OTHERS", &others.join(" ")))
        .await;
    let said = bench.run(&folder, &[]).await;
    let tasks = bench.house.backend_tasks().await;
    let states: Vec<&Value> = tasks.iter().map(|task| &task["state"]).collect();
    assert_eq!(said.code, 0, "{}{}\n{tasks:?}", said.out, said.err);
    assert_eq!(states, vec!["COMPLETE"; 10], "{}", said.err);
    // no key of the session's, or of the store's, stands in what the gate shows of the tasks
    let session = std::fs::read_to_string(folder.join("session")).unwrap();
    let secret = session
        .lines()
        .find(|line| line.contains("AWS_SECRET_ACCESS_KEY"))
        .unwrap();
    let secret = secret.split('\'').nth(1).unwrap();
    let listed = outside::get(&bench.house.proxy("/ga4gh/tes/v1/tasks?view=FULL"), Some(&bench.ada)).await;
    assert_eq!(listed.status, 200, "{}", listed.text());
    assert!(!listed.text().contains(secret), "the keys are cut out of what is shown");

    // the store was read by the node's own key, the one object, and in no other way
    let accesses = accesses(&bench.log, before);
    assert!(accesses.len() >= 8, "{accesses:?}");
    for (method, path, key) in &accesses {
        assert_eq!(
            (method.as_str(), path.as_str(), key.as_str()),
            ("GET", "/cohort-bucket/a-cohort.vcf", KEY),
            "{accesses:?}"
        );
    }

    // what is left in the session's bucket: `temp()` was deleted by Snakemake, through the door
    let text = |name: &str| {
        let line = session
            .lines()
            .find(|line| line.contains(&format!(" {name}=")))
            .unwrap();
        line.split('\'').nth(1).unwrap().to_owned()
    };
    let keys = S3::of(&json!({ "s3": {
        "endpoint": text("AWS_ENDPOINT_URL_S3"), "access_key_id": text("AWS_ACCESS_KEY_ID"),
        "secret_access_key": text("AWS_SECRET_ACCESS_KEY"), "region": text("AWS_REGION")
    } }));
    let bucket = text("VISUM_SCRATCH");
    let bucket = bucket.trim_start_matches("s3://").trim_end_matches('/');
    let left = keys.get(&format!("/{bucket}"), "").await;
    assert_eq!(left.status, 200, "{}", left.text());
    assert!(
        left.text().contains("local.txt") && !left.text().contains("parts/"),
        "{}",
        left.text()
    );
    let cohort = bench
        .house
        .sample
        .objects()
        .iter()
        .find(|object| object.id == "a-cohort.vcf")
        .unwrap();
    let records = std::fs::read_to_string(&cohort.file).unwrap();
    let records = records.lines().filter(|line| !line.starts_with('#')).count();
    let counted = keys.get(&format!("/{bucket}/local.txt"), "").await;
    assert_eq!(
        counted.text().trim(),
        records.to_string(),
        "the jobs counted every variant"
    );
}
