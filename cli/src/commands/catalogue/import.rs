//! `visum catalogue import`: the objects of a dataset, from what a store or an archive lists.

use std::collections::{BTreeMap, BTreeSet};

use policy_engine::catalogue::{
    ObjectRecord, Segment, list,
    manifest::{self, Hints, Mapped, Mapping},
    segment,
};
use policy_engine::consent::Name;
use serde_json::{Value, json};

use super::{
    screen::{Diff, Left, Report, words},
    state::State,
};
use crate::{
    client::{
        propose::{Change, EDITS, digest, put, told},
        session::{As, Session},
    },
    error::CommandError,
    exit::Exit,
    input::Input,
    output::Context,
};

/// Map the objects of a dataset from a listing or manifest
///
/// Read as they are: S3 listings (ListObjectsV2 XML, or the JSON of aws s3api), pages of DRS /objects, CSV, TSV and
/// JSON Lines manifests, with the columns of Federated EGA archives and of Gen3 indexd. An object of a listing that
/// names no dataset, or another, is told and stays closed. The objects go to the node as one list by its digest; the
/// committee's second person agrees to that digest. Without --replace, objects that the files lack keep their place.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The files, in any of the shapes
    #[arg(required = true)]
    files: Vec<Input>,
    /// The dataset's id (a URL)
    #[arg(long, value_name = "URL")]
    dataset: String,
    /// Another name of the dataset in these files: an accession, an acl, an authz
    #[arg(long, value_name = "NAME")]
    known_as: Vec<String>,
    /// In files that do not speak of datasets: only what lies under this storage URL
    #[arg(long, value_name = "URL")]
    prefix: Vec<String>,
    /// The bucket of a listing that does not name it
    #[arg(long, value_name = "NAME")]
    bucket: Option<String>,
    /// What paths without a scheme lie under, such as s3://archive/
    #[arg(long, value_name = "URL")]
    base: Option<String>,
    /// Consent group of objects that name none
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,
    /// End the mapping of objects that the files lack
    #[arg(long)]
    replace: bool,
    /// Keep here what was sent already, and go on from it
    #[arg(long, value_name = "FILE")]
    state: Option<std::path::PathBuf>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "objects of the archive")]
    reason: String,
    /// Show only; no server is needed
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    session: As,
}

/// Reads, maps, compares, shows, sends, proposes.
pub(crate) async fn run(args: Import, context: &Context) -> Result<Exit, CommandError> {
    let mapping = mapping(&args)?;
    let (mapped, mut report) = read(&args, &mapping, context)?;
    let session = match Session::open(&args.session) {
        Ok(session) => Some(session),
        Err(_) if args.dry_run => None,
        Err(wrong) => return Err(wrong),
    };
    let current = match &session {
        Some(session) => match current(session, &mapping.dataset, context).await {
            Ok(current) => Some(current),
            Err(wrong) if args.dry_run => {
                context.words(&format!("not compared with the node: {wrong}"));
                None
            }
            Err(wrong) => return Err(wrong),
        },
        None => None,
    };
    let mut objects = mapped.objects;
    let before = current.unwrap_or_default();
    if session.is_some() {
        report.diff = Some(Diff::of(&before.objects, &objects, args.replace));
    }
    if !args.replace {
        for (id, record) in before.objects {
            objects.entry(id).or_insert(record);
        }
    }
    let parts = segment::write(objects.into_values().collect(), list::LIST_BYTES);
    report.lists = parts.iter().map(|part| (digest(&part.bytes), part.count)).collect();
    if args.dry_run {
        context.show(&report, words);
        return Ok(Exit::Yes);
    }
    let Some(session) = session else {
        return Ok(Exit::Unknown);
    };
    context.words(&words(&report));
    let source: Vec<String> = args.files.iter().map(ToString::to_string).collect();
    let edits = edits(&mapping.dataset, &before.rows, &report.lists, &source.join(", "));
    if edits.is_empty() {
        context.show(&report, |_| "The node has these objects already.".to_owned());
        return Ok(Exit::Yes);
    }
    if edits.len() > EDITS {
        return Err(CommandError::refused(
            "manifest.too_many_lists",
            format!("{} lists are more than one change holds ({EDITS})", edits.len()),
        )
        .hint("split the dataset"));
    }
    let mut state = State::open(args.state.as_deref())?;
    for (at, part) in (1_usize..).zip(&parts) {
        let digest = digest(&part.bytes);
        if state.has(&digest) {
            context.words(&format!("list {at} of {}: was sent before", parts.len()));
            continue;
        }
        context.words(&format!("list {at} of {}: {} objects", parts.len(), part.count));
        session.upload(&part.bytes).await?;
        state.sent(digest)?;
    }
    let change = Change {
        title: format!("objects of {}", mapping.dataset),
        reason: args.reason.clone(),
        edits,
    };
    let answer = change.propose(&session, args.yes, context).await?;
    let last = told(&answer);
    report.change = Some(answer);
    context.show(&report, |_| last);
    Ok(Exit::Yes)
}

fn mapping(args: &Import) -> Result<Mapping, CommandError> {
    let name = |what: &str, text: &str| {
        Name::try_from(text)
            .map_err(|_| CommandError::refused("manifest.name", format!("the {what} is empty or too long")))
    };
    let groups: BTreeSet<Name> = args
        .group
        .iter()
        .map(|group| name("group", group))
        .collect::<Result<_, _>>()?;
    Ok(Mapping {
        dataset: name("dataset", &args.dataset)?,
        names: args.known_as.iter().cloned().collect(),
        prefixes: args.prefix.iter().map(|prefix| ended(prefix)).collect(),
        groups: (!groups.is_empty()).then_some(groups),
    })
}

/// With one slash at its end: `s3://b/one` is not a prefix of `s3://b/one-more`.
fn ended(prefix: &str) -> String {
    if prefix.ends_with('/') {
        prefix.to_owned()
    } else {
        format!("{prefix}/")
    }
}

fn read(args: &Import, mapping: &Mapping, context: &Context) -> Result<(Mapped, Report), CommandError> {
    let hints = Hints {
        bucket: args.bucket.clone(),
        base: args.base.as_deref().map(ended),
    };
    let mut mapped = Mapped::default();
    let mut report = Report {
        dataset: args.dataset.clone(),
        ..Report::default()
    };
    for (at, file) in (1_usize..).zip(&args.files) {
        let bytes = file.read(manifest::MANIFEST_BYTES as u64)?;
        let read = manifest::read(&bytes, &hints).map_err(|why| {
            let wrong = CommandError::refused(why.code(), format!("{file}: {why}"));
            match why {
                manifest::ManifestError::NoBucket => wrong.hint("name it with --bucket"),
                manifest::ManifestError::Line { .. } | manifest::ManifestError::Whole { .. } => {
                    wrong.hint("S3 listings, DRS objects, CSV, TSV and JSON Lines are read")
                }
            }
        })?;
        context.words(&format!(
            "file {at} of {}: {file}: {}, {} objects",
            args.files.len(),
            read.shape,
            read.entries.len()
        ));
        if read.goes_on {
            report
                .notes
                .push(format!("{file} says that the list goes on in another page"));
        }
        report.read += read.entries.len();
        report.folders += read.folders;
        manifest::map(read.entries, mapping, &mut mapped);
    }
    report.mapped = mapped.objects.len();
    report.other_urls = mapped.other_urls;
    report.without_address = mapped.objects.values().filter(|record| record.urls.is_empty()).count();
    report.left_out = mapped
        .left_out
        .iter()
        .map(|(id, why)| Left {
            id: id.chars().take(300).collect(),
            why: why.words(),
        })
        .collect();
    Ok((mapped, report))
}

/// What the node has.
#[derive(Debug, Default)]
struct There {
    /// The lists' rows: id, digest.
    rows: BTreeMap<String, String>,
    objects: BTreeMap<Name, ObjectRecord>,
}

async fn current(session: &Session, dataset: &Name, context: &Context) -> Result<There, CommandError> {
    let query = |list: Option<&str>| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("dataset", dataset.as_str());
        if let Some(list) = list {
            query.append_pair("list", list);
        }
        format!("admin/objects?{}", query.finish())
    };
    let answer = session.get(&query(None)).await?;
    let mut there = There::default();
    let lists = answer
        .get("lists")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    for row in &lists {
        let text = |key| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id, digest) = (text("id"), text("digest"));
        let count = row.get("count").and_then(Value::as_u64).unwrap_or_default();
        context.words(&format!("comparing with {id}: {count} objects"));
        let list = session.file(&query(Some(&id))).await?;
        for record in records(list, dataset, count)
            .map_err(|why| CommandError::unknown(why.code(), format!("the node's list {id}: {why}")))?
        {
            there.objects.insert(record.id.clone(), record);
        }
        there.rows.insert(id, digest);
    }
    Ok(there)
}

/// A list of the node's, in the form of today or in the older one.
fn records(list: Vec<u8>, dataset: &Name, count: u64) -> Result<Vec<ObjectRecord>, list::ListError> {
    if !Segment::is_one(&list) {
        return list::read(&String::from_utf8_lossy(&list), dataset, count);
    }
    let segment = Segment::open(list).map_err(|fault| list::ListError::Damaged { fault })?;
    Ok(segment.objects(dataset).collect())
}

/// The rows that change: one for each list, ended where there are fewer now.
fn edits(dataset: &Name, before: &BTreeMap<String, String>, lists: &[(String, u64)], source: &str) -> Vec<Value> {
    let mut edits = Vec::new();
    let mut named = BTreeSet::new();
    for (at, (digest, count)) in (1_usize..).zip(lists) {
        let id = format!("{dataset}#objects-{at}");
        if before.get(&id) != Some(digest) {
            let row = json!({ "id": id, "dataset": dataset, "digest": digest, "count": count, "source": source });
            edits.push(put("objects", &row));
        }
        named.insert(id);
    }
    for id in before.keys().filter(|id| !named.contains(*id)) {
        edits.push(json!({ "remove": { "kind": "objects", "id": id } }));
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lists_that_differ_are_proposed_and_those_that_are_over_end() {
        let dataset = Name::try_from("https://data.example.org/a").unwrap();
        let id = |at: u8| format!("{dataset}#objects-{at}");
        let before = BTreeMap::from([
            (id(1), "one".to_owned()),
            (id(2), "two".to_owned()),
            (id(3), "x".to_owned()),
        ]);
        let edits = edits(
            &dataset,
            &before,
            &[("one".to_owned(), 5), ("other".to_owned(), 6)],
            "s",
        );
        assert_eq!(edits.len(), 2);
        assert_eq!(edits[0].pointer("/put/row/id").unwrap(), &json!(id(2)));
        assert_eq!(edits[1].pointer("/remove/id").unwrap(), &json!(id(3)));
    }

    #[test]
    fn a_prefix_ends_where_a_folder_does() {
        assert_eq!(ended("s3://b/one"), "s3://b/one/");
        assert_eq!(ended("s3://b/one/"), "s3://b/one/");
    }
}
