//! What a sample node is told at its start. Nothing is read from the environment.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use crate::{Credential, SampleError};

/// The tools that the TES runs when nothing else is said: small programs of every Debian system.
const TOOLS: [&str; 9] = [
    "cat",
    "cut",
    "grep",
    "head",
    "md5sum",
    "sha256sum",
    "sleep",
    "sort",
    "wc",
];

/// All that a sample node needs. [`Settings::new`] fills in what most callers want.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder under which everything lies: `data/` (made at start), `outputs/`, `scratch/`.
    pub dir: PathBuf,
    /// Where the servers listen.
    pub addresses: Addresses,
    /// What DRS, TES, WES and TRS demand as `Authorization: Bearer …` on every route: the gate's credential.
    pub credential: Credential,
    /// The home institution and its visa issuer.
    pub home: HomeSettings,
    /// Where the DRS's bytes lie instead of its folder: its access URLs are then signed URLs of this store, good for
    /// five minutes, under the keys of the objects' ids. Whoever sets it puts the files there.
    pub store: Option<StoreSettings>,
    /// The task server.
    pub tes: TesSettings,
    /// Files and subjects are made from it: the same seed gives the same bytes and the same `sub`s. Keys and secrets
    /// never depend on it.
    pub seed: u64,
}

/// Where the servers listen; port 0 takes a free one. Only loopback addresses are taken.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// The home institution and its visa issuer: by default on 127.0.0.2, so that its site is not the broker's.
    pub home: SocketAddr,
    /// The DRS.
    pub drs: SocketAddr,
    /// The TES.
    pub tes: SocketAddr,
    /// The WES.
    pub wes: SocketAddr,
    /// The tool registry.
    pub trs: SocketAddr,
}

/// The OpenID Provider's one client, and the visas that the institution's visa issuer holds.
#[derive(Clone, Debug)]
pub struct HomeSettings {
    /// The client id of the broker at the institution.
    pub client_id: String,
    /// Where the institution sends people back to; compared exactly.
    pub redirect_uris: Vec<String>,
    /// The credential with which the broker collects visas at `GET {visa issuer}/visas?sub=SUB`.
    pub collector: Credential,
    /// Ada's grants from this issuer.
    pub grants: ForeignGrants,
}

/// Grants of another house: ControlledAccessGrants visas without a purpose.
#[derive(Clone, Debug)]
pub struct ForeignGrants {
    /// The dataset ids (URLs), as ControlledAccessGrants visas name them.
    pub datasets: Vec<String>,
    /// The `source` of the visas: the house that granted.
    pub source: String,
}

/// What the TES runs, reads and writes.
#[derive(Clone, Debug)]
pub struct TesSettings {
    /// Names of the programs that may run, each as image `sample/<name>@sha256:<digest of the executable>`.
    pub tools: Vec<String>,
    /// The folders in which tools are looked for, in order.
    pub tool_path: Vec<PathBuf>,
    /// Tools that run scripts. Each executor of theirs gets a mount namespace of its own, in which the declared paths are
    /// the task's: nothing is rewritten. Where the system gives none, such tasks are refused.
    pub shells: Vec<String>,
    /// Images that hold all that their tasks see: folders with `rootfs/` and `image.json`, each as image
    /// `sample/<folder's name>@sha256:<digest of all it holds>`. They run scripts, under the same conditions.
    pub images: Vec<PathBuf>,
    /// Folders that the executors of `shells` see, beside the system's programs; all of them read-only.
    pub visible: Vec<PathBuf>,
    /// The storage door's address, on loopback. If it is set, each executor gets a network of its own in which that address
    /// answers and nothing else does; where the system gives none, all tasks are refused. Root alone can do it.
    pub closed_network: Option<SocketAddr>,
    /// `file:` inputs are read below these folders only, after all links are resolved.
    pub input_roots: Vec<PathBuf>,
    /// `file:` outputs are written below this folder only. Made if it is missing.
    pub output_root: PathBuf,
    /// Where `s3:` URLs lead; without it they are refused.
    pub s3: Option<S3Settings>,
    /// Certificates (PEM) trusted beside the system's, for `https:` URLs.
    pub ca_file: Option<PathBuf>,
    /// How many tasks run at once; the others wait in `QUEUED`. At least 1.
    pub running: usize,
}

/// A bucket of an S3-shaped store that holds the objects of the DRS.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// The store, with the DRS's own key pair.
    pub s3: S3Settings,
    /// The bucket.
    pub bucket: String,
}

/// An S3-shaped store, addressed by path.
#[derive(Clone, Debug)]
pub struct S3Settings {
    /// Its address, `http://` or `https://`.
    pub endpoint: String,
    /// Its region, as signatures name it.
    pub region: String,
    /// The access key id.
    pub key: String,
    /// The secret access key.
    pub secret: Credential,
}

impl Settings {
    /// Settings for one node below `dir`, on free ports, with new random credentials, for a broker that takes people
    /// back at `redirect_uri`; Ada holds grants for `foreign_datasets`.
    ///
    /// # Errors
    /// [`SampleError::Random`] if the system gives no random bytes.
    pub fn new(dir: PathBuf, redirect_uri: &str, foreign_datasets: Vec<String>) -> Result<Self, SampleError> {
        Ok(Self {
            addresses: Addresses::default(),
            credential: Credential::random()?,
            home: HomeSettings {
                client_id: "visum-broker".to_owned(),
                redirect_uris: vec![redirect_uri.to_owned()],
                collector: Credential::random()?,
                grants: ForeignGrants {
                    datasets: foreign_datasets,
                    source: "https://grants.example.net".to_owned(),
                },
            },
            tes: TesSettings {
                tools: TOOLS.map(str::to_owned).to_vec(),
                tool_path: ["/usr/bin", "/bin", "/usr/local/bin"].map(PathBuf::from).to_vec(),
                shells: Vec::new(),
                images: Vec::new(),
                visible: Vec::new(),
                closed_network: None,
                input_roots: vec![dir.join("data"), dir.join("outputs")],
                output_root: dir.join("outputs"),
                s3: None,
                ca_file: None,
                running: 4,
            },
            store: None,
            seed: 1,
            dir,
        })
    }
}

impl Addresses {
    /// All of them, for a check.
    pub(crate) fn all(&self) -> [SocketAddr; 5] {
        [self.home, self.drs, self.tes, self.wes, self.trs]
    }
}

impl Default for Addresses {
    fn default() -> Self {
        let free = |last| SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0);
        Self {
            home: free(2),
            drs: free(1),
            tes: free(1),
            wes: free(1),
            trs: free(1),
        }
    }
}
