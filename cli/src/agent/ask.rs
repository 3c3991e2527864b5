//! Asking the person at the terminal to log in again: when the login is over, and when the node wants a stronger or
//! fresher sign-in (RFC 9470).

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::Value;

use super::{credential::Login, denial::StepUp, notices::Notices};
use crate::{
    client::{
        device,
        login::{self, Asks, Given, Opens, Provider},
        profile::Profile,
        session::Session,
    },
    commands::login::{tell, tell_codes},
    error::CommandError,
};

/// Who asks, one question at a time.
#[derive(Debug)]
pub(crate) struct Asker {
    login: Arc<Login>,
    notices: Arc<Notices>,
    /// The browser is elsewhere: a code is shown instead.
    device: bool,
    asking: AtomicBool,
}

impl Asker {
    /// For this login.
    pub(crate) const fn new(login: Arc<Login>, notices: Arc<Notices>, device: bool) -> Self {
        Self {
            login,
            notices,
            device,
            asking: AtomicBool::new(false),
        }
    }

    /// Asks whenever the login is over.
    pub(crate) async fn wait(self: Arc<Self>) {
        loop {
            self.login.over.notified().await;
            Arc::clone(&self).ask(StepUp::default());
        }
    }

    /// Begins to ask, unless the person is being asked.
    pub(crate) fn ask(self: Arc<Self>, wanted: StepUp) {
        if self.asking.swap(true, Ordering::SeqCst) {
            return;
        }
        tokio::spawn(async move {
            if let Some(how) = &wanted.acr_values {
                self.notices.say(&format!(
                    "the node asks for a stronger sign-in ({}); log in with it, then send the request again",
                    super::notices::plain(how)
                ));
            }
            match self.again(wanted).await {
                Ok(name) => self.notices.say(&format!("logged in again as {name}")),
                Err(wrong) => self.notices.say(&format!("not logged in: {wrong} ({})", wrong.code())),
            }
            self.asking.store(false, Ordering::SeqCst);
        });
    }

    async fn again(&self, wanted: StepUp) -> Result<String, CommandError> {
        let keeper = self.login.keeper();
        let mut profile = Profile::load(&keeper.folder, &keeper.name)?;
        let provider = Provider::discover(&keeper.client, &profile.issuer).await?;
        let stronger = wanted.acr_values.is_some() || wanted.max_age.is_some();
        let given = if self.device && !stronger {
            device::tokens(keeper.around(), &provider, true, tell_codes).await?
        } else {
            let asks = Asks {
                stay: true,
                acr_values: wanted.acr_values,
                max_age: wanted.max_age,
                ..Asks::default()
            };
            login::tokens(keeper.around(), &provider, &asks, Opens::Person(tell)).await?
        };
        let Given {
            access_token,
            seconds,
            refresh_token,
        } = given;
        profile.access_token = access_token;
        profile.expires = keeper.clock.now().plus(std::time::Duration::from_secs(seconds));
        profile.refresh_token = refresh_token;
        let session = Session {
            client: keeper.client.clone(),
            profile: profile.clone(),
        };
        let me = session.get("me").await?;
        if me.get("identity").and_then(Value::as_str) != Some(profile.identity.as_str()) {
            // somebody else's work would go on in this person's name
            return Err(CommandError::denied(
                "agent.other_person",
                format!("this agent works for {}; another person logged in", profile.name),
            ));
        }
        profile.write(&keeper.folder, &keeper.name)?;
        self.login.take(&profile).await;
        Ok(profile.name)
    }
}
