//! What waits to be sent: who is told of which page, tried again with ever longer pauses, given up after two days.

use std::time::Duration;

use url::Url;
use visa_verifier::seam::token;

use super::server::{Letter, MailServer, NotTaken};
use crate::Broker;
use crate::keys::sealed;
use crate::store::StoreError;
use crate::store::mails::{self, Mail};
use crate::store::people::PersonId;

/// After each try, this long until the next one; after the last, none: seven in all.
const WAITS: [u64; 6] = [60, 600, 3_600, 21_600, 43_200, 86_400];
/// How many are read at once.
const ROUND: u32 = 50;
/// Most that wait. Beyond it nobody is told by mail: the pages say it all the same.
const MOST: i64 = 20_000;

/// Keeps the address that the person's institution verified; only where this node sends mail at all.
pub(crate) async fn remember(broker: &Broker, person: &PersonId, email: Option<&str>) -> Result<(), StoreError> {
    let Some(email) = email.filter(|_| broker.config().mail.is_some()) else {
        return Ok(());
    };
    let sealed = key(broker).and_then(|key| sealed::seal(&key, person.as_str(), email.as_bytes()));
    match sealed {
        Some(sealed) => mails::keep_address(&mut broker.db(), person, &sealed, broker.now()).await,
        None => Ok(()),
    }
}

/// The address that is kept of a person.
pub(crate) async fn address(broker: &Broker, person: &PersonId) -> Result<Option<String>, StoreError> {
    let kept = mails::address(&mut broker.db(), person).await?;
    let open = |text: String| {
        let key = key(broker)?;
        sealed::open(&key, person.as_str(), &text)
    };
    Ok(kept.and_then(open).and_then(|plain| String::from_utf8(plain).ok()))
}

fn key(broker: &Broker) -> Option<zeroize::Zeroizing<[u8; 32]>> {
    broker.derived_key("mail addresses").ok()
}

/// Tells people that there is something new on a page of ours; `place` begins with `/`. What they are told of has happened:
/// a mail that cannot be written down is logged, and changes nothing.
pub(crate) async fn tell(broker: &Broker, people: &[PersonId], place: &str) {
    if broker.config().mail.is_none() || people.is_empty() {
        return;
    }
    match queue(broker, people, place).await {
        Ok(0) => {}
        Ok(_) => {
            let broker = broker.clone();
            tokio::spawn(async move { deliver(&broker).await });
        }
        Err(error) => tracing::error!(error.code = error.code(), %error, "a mail could not be written down"),
    }
}

async fn queue(broker: &Broker, people: &[PersonId], place: &str) -> Result<usize, StoreError> {
    let (mut db, now) = (broker.db(), broker.now());
    let room = MOST.saturating_sub(mails::waiting(&mut db).await?);
    let room = usize::try_from(room).unwrap_or_default();
    if room < people.len() {
        tracing::error!(waiting = MOST, "too many mails wait: not everybody is told by mail");
    }
    let mut put = 0;
    for person in people.iter().take(room) {
        if mails::address(&mut db, person).await?.is_none() {
            continue;
        }
        let mail = Mail {
            id: format!("mail-{}", token(broker.random(), 12)),
            person: person.clone(),
            place: place.to_owned(),
            tries: 0,
            next: now,
        };
        put += usize::from(mails::put(&mut db, &mail, now).await?);
    }
    Ok(put)
}

/// Sends what is due, one after the other. Each try is one replica's: it is counted in the row before it is made. A server
/// that does not answer is left alone until the next round.
pub(crate) async fn deliver(broker: &Broker) {
    let Some(server) = &broker.config().mail else { return };
    let Ok(_alone) = server.busy.try_lock() else { return };
    loop {
        match round(broker, server).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::error!(error.code = error.code(), %error, "mail that waits could not be read or noted");
                return;
            }
        }
    }
}

/// One round; whether there may be more.
async fn round(broker: &Broker, server: &MailServer) -> Result<bool, StoreError> {
    let due = mails::due(&mut broker.db(), broker.now(), ROUND).await?;
    let any = !due.is_empty();
    for mail in due {
        if !attempt(broker, server, &mail).await? {
            return Ok(false);
        }
    }
    Ok(any)
}

/// One try; whether others are worth one now.
async fn attempt(broker: &Broker, server: &MailServer, mail: &Mail) -> Result<bool, StoreError> {
    let now = broker.now();
    let wait = usize::try_from(mail.tries)
        .ok()
        .and_then(|tries| WAITS.get(tries))
        .copied();
    let next = wait.map(|seconds| now.plus(Duration::from_secs(seconds)));
    if !mails::claim(&mut broker.db(), mail, next, now).await? {
        return Ok(true);
    }
    let Some(to) = address(broker, &mail.person).await? else {
        // an account that was closed meanwhile
        mails::done(&mut broker.db(), &mail.id, now).await?;
        return Ok(true);
    };
    let issuer = broker.config().issuer.as_str().trim_end_matches('/');
    let host = Url::parse(issuer)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    let host = host.unwrap_or_else(|| "visum".to_owned());
    let letter = Letter {
        to: &to,
        subject: &format!("Something new at {host}"),
        text: text(&host, &format!("{issuer}{}", mail.place)),
        id: format!("<{}@{host}>", mail.id),
        at: now,
    };
    match server.send(letter, &host).await {
        Ok(()) => {}
        Err(why @ NotTaken::ForGood { .. }) => tracing::warn!(mail = mail.id, %why, "a mail is given up"),
        Err(why @ NotTaken::Now { unreachable, .. }) => {
            tracing::warn!(mail = mail.id, tries = mail.tries + 1, %why, "a mail was not sent");
            return Ok(!unreachable);
        }
    }
    mails::done(&mut broker.db(), &mail.id, now).await?;
    Ok(true)
}

/// All that a mail says: the same to everybody, of everything.
fn text(host: &str, link: &str) -> String {
    format!(
        "There is something new for you at {host}:\n\n{link}\n\n\
         Sign in there to read it. This mail says no more on purpose, and opening the link changes nothing.\n\n\
         --\n\
         Bei {host} gibt es etwas Neues für Sie. Melden Sie sich über den Link oben an, um es zu lesen. Diese Nachricht \
         sagt mit Absicht nicht mehr, und den Link zu öffnen ändert nichts.\n\n\
         Il y a du nouveau pour vous sur {host}. Connectez-vous par le lien ci-dessus pour le lire. Ce message n'en dit \
         volontairement pas plus, et ouvrir le lien ne change rien.\n\n\
         Hay algo nuevo para usted en {host}. Inicie sesión con el enlace de arriba para leerlo. Este mensaje no dice \
         más a propósito, y abrir el enlace no cambia nada.\n"
    )
}
