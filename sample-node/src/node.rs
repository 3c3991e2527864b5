//! A whole sample node: its five servers, started and stopped together.

use std::{fs, path::PathBuf, sync::Arc};

use crate::{
    Credential, Note, Object, Person, SampleError, Settings, Tool, drs, files,
    home::{self, Home},
    serve::{Bound, Server},
    tes::{self, Tes},
    trs, wes, world,
};

/// A running sample node. Dropping it stops it at once; [`SampleNode::stop`] does so calmly.
pub struct SampleNode {
    home: Server,
    drs: Server,
    tes: Server,
    wes: Server,
    trs: Server,
    institution: Arc<Home>,
    tasks: Arc<Tes>,
    objects: Vec<Object>,
    data: PathBuf,
}

impl SampleNode {
    /// Makes files, people, keys and secrets, and starts all five servers. When it returns they answer.
    ///
    /// # Errors
    /// [`SampleError`] if a setting can't be, a folder can't be made, a tool is missing or an address is taken.
    pub async fn start(settings: Settings) -> Result<Self, SampleError> {
        check(&settings)?;
        let data = settings.dir.join("data");
        let failed = |source| SampleError::File {
            path: data.clone(),
            source,
        };
        fs::create_dir_all(&data).map_err(failed)?;
        let data = data
            .canonicalize()
            .map_err(|source| SampleError::File { path: data, source })?;
        let objects = drs::index(&data, files::make(&data, settings.seed)?)?;
        let client = world::client(settings.tes.ca_file.as_deref())?;

        let home = Bound::on(settings.addresses.home).await?;
        let drs = Bound::on(settings.addresses.drs).await?;
        let tes = Bound::on(settings.addresses.tes).await?;
        let wes = Bound::on(settings.addresses.wes).await?;
        let trs = Bound::on(settings.addresses.trs).await?;

        let institution = Arc::new(Home::new(&home.base, settings.home, home::people(settings.seed))?);
        let tasks = Tes::new(settings.tes, settings.dir.join("scratch"), client.clone())?;
        let drs_routes = drs::router(&drs.base, &settings.credential, &objects, settings.store);
        let wes_routes = wes::router(&wes.base, &tes.base, &settings.credential, client);
        let trs_routes = trs::router(&trs.base, &settings.credential, tasks.tools());
        Ok(Self {
            home: home.serve(home::router(institution.clone())),
            drs: drs.serve(drs_routes),
            tes: tes.serve(tes::router(tasks.clone(), &settings.credential)),
            wes: wes.serve(wes_routes),
            trs: trs.serve(trs_routes),
            institution,
            tasks,
            objects,
            data,
        })
    }

    /// The home institution's issuer: its base URL, `http://127.0.0.2:PORT`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.home.base
    }

    /// The visa issuer's `iss`. Its visas are at `{iss}/visas?sub=SUB`, for the collector's credential.
    #[must_use]
    pub fn visa_issuer(&self) -> &str {
        &self.institution.visa_issuer
    }

    /// The `jku` of the visa issuer's visas.
    #[must_use]
    pub fn visa_jku(&self) -> String {
        self.institution.visa_jku()
    }

    /// The secret of the broker's client at the home institution, made at start.
    #[must_use]
    pub fn client_secret(&self) -> &Credential {
        &self.institution.secret
    }

    /// The people who can log in.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.institution.people
    }

    /// The DRS, without `/ga4gh/drs/v1`.
    #[must_use]
    pub fn drs(&self) -> &str {
        &self.drs.base
    }

    /// The TES, without `/ga4gh/tes/v1`.
    #[must_use]
    pub fn tes(&self) -> &str {
        &self.tes.base
    }

    /// The WES, without `/ga4gh/wes/v1`.
    #[must_use]
    pub fn wes(&self) -> &str {
        &self.wes.base
    }

    /// The TRS, without `/ga4gh/trs/v2`.
    #[must_use]
    pub fn trs(&self) -> &str {
        &self.trs.base
    }

    /// All objects of the DRS.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The tools that the TES runs.
    #[must_use]
    pub fn tools(&self) -> &[Tool] {
        self.tasks.tools()
    }

    /// The image of a tool: `sample/wc@sha256:…`.
    #[must_use]
    pub fn image(&self, tool: &str) -> Option<&str> {
        self.tools()
            .iter()
            .find(|one| one.name == tool)
            .map(|tool| tool.image.as_str())
    }

    /// The folder of the DRS's files, absolute, links resolved: below it are `a/`, `b/`, `c/`, `d/`.
    #[must_use]
    pub fn data_dir(&self) -> &std::path::Path {
        &self.data
    }

    /// The folder below which the TES writes `file:` outputs, absolute, links resolved.
    #[must_use]
    pub fn outputs_dir(&self) -> &std::path::Path {
        &self.tasks.output_root
    }

    /// What the TES opened, fetched and uploaded so far, oldest first: for tests that ask what reached it.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        self.tasks.notes()
    }

    /// Stops the DRS alone: for tests of a backend that is down.
    pub async fn stop_drs(&mut self) {
        self.drs.stop().await;
    }

    /// Stops the TES's listener alone; its tasks are canceled.
    pub async fn stop_tes(&mut self) {
        self.tes.stop().await;
        self.tasks.stop().await;
    }

    /// Stops the WES alone.
    pub async fn stop_wes(&mut self) {
        self.wes.stop().await;
    }

    /// Stops the TRS alone.
    pub async fn stop_trs(&mut self) {
        self.trs.stop().await;
    }

    /// Stops the home institution alone.
    pub async fn stop_home(&mut self) {
        self.home.stop().await;
    }

    /// Ends all tasks and servers. Files stay.
    pub async fn stop(mut self) {
        self.stop_trs().await;
        self.stop_wes().await;
        self.stop_tes().await;
        self.stop_drs().await;
        self.stop_home().await;
    }
}

impl Drop for SampleNode {
    fn drop(&mut self) {
        self.tasks.cancel_all();
    }
}

impl std::fmt::Debug for SampleNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            home,
            drs,
            tes,
            wes,
            trs,
            ..
        } = self;
        f.debug_struct("SampleNode")
            .field("home", &home.base)
            .field("drs", &drs.base)
            .field("tes", &tes.base)
            .field("wes", &wes.base)
            .field("trs", &trs.base)
            .finish_non_exhaustive()
    }
}

fn check(settings: &Settings) -> Result<(), SampleError> {
    let refuse = |name, why: &str| {
        Err(SampleError::Setting {
            name,
            why: why.to_owned(),
        })
    };
    if !settings
        .addresses
        .all()
        .iter()
        .all(|address| address.ip().is_loopback())
    {
        return refuse("addresses", "a sample node listens on loopback only");
    }
    if settings.home.redirect_uris.is_empty() {
        return refuse("home.redirect_uris", "at least one is needed");
    }
    if settings
        .home
        .redirect_uris
        .iter()
        .any(|uri| url::Url::parse(uri).is_err())
    {
        return refuse("home.redirect_uris", "each has to be an absolute URL");
    }
    let door = settings.tes.closed_network;
    if door.is_some_and(|door| !door.ip().is_loopback() || door.port() == 0) {
        return refuse("tes.closed_network", "it has to be an address on loopback with a port");
    }
    if settings.tes.running == 0 {
        return refuse("tes.running", "at least one task has to be able to run");
    }
    Ok(())
}
