//! Sizes, counts and times of everything the proxy reads, holds or waits for.
//! Each constant names its unit and the reason; crossing one is an error that names it.

use std::time::Duration;

/// Bytes of a JSON body on DRS and TES routes (`apis.md` 1.3).
pub(crate) const API_BYTES: usize = 1 << 20;
/// Bytes of the body of a route that takes none, or `{}`.
pub(crate) const NO_BODY_BYTES: usize = 4 << 10;
/// Bytes of `workflow_params` and of each other text part of a run request.
pub(crate) const RUN_PART_BYTES: usize = 4 << 20;
/// Parts of one run request.
pub(crate) const RUN_PARTS: usize = 256;
/// Bytes of a body of `POST /visum/v1/passport/verify`: a Passport of 1 MiB with room for another or two of usual size.
pub(crate) const VERIFY_BYTES: usize = (1 << 20) + (256 << 10);
/// Bytes of a body of `POST /visum/v1/can-i`: a run request with its attachments as text.
pub(crate) const CAN_I_BYTES: usize = 8 << 20;
/// Datasets, objects, images or outputs that one question names.
pub(crate) const CAN_I_NAMES: usize = 1_000;
/// Depth of a JSON body.
pub(crate) const API_DEPTH: usize = 64;
/// Bytes of a request target: longer ones are refused before they are split.
pub(crate) const TARGET_BYTES: usize = 8 << 10;
/// Segments of a path.
pub(crate) const SEGMENTS: usize = 16;
/// Segments of a path of the tool registry, which ends in the path of a file of a tool.
pub(crate) const TRS_SEGMENTS: usize = 24;
/// Bytes of one text of a tool: a descriptor, a test, a container file.
pub(crate) const TRS_TEXT_BYTES: usize = 1 << 20;
/// Entries of one list of tools, versions or files.
pub(crate) const TRS_ENTRIES: usize = 1_000;
/// Files of one workflow that is taken from a tool registry.
pub(crate) const TRS_FILES: usize = 32;
/// Bytes of all of them.
pub(crate) const TRS_FILES_BYTES: usize = 4 << 20;
/// Bytes of one credential header or Passport (`apis.md` 2.2: Passports are often 5 to 30 kB).
pub(crate) const PASSPORT_BYTES: usize = 1 << 20;
/// Bytes of a bearer token.
pub(crate) const TOKEN_BYTES: usize = 16 << 10;
/// Bytes of a Passport in the place of a bearer token, where a DRS takes it so (`apis.md` 2.2).
pub(crate) const PASSPORT_BEARER_BYTES: usize = 32 << 10;
/// Passports in one DRS body.
pub(crate) const PASSPORTS: usize = 8;
/// Inputs of a task.
pub(crate) const INPUTS: usize = 1_024;
/// Outputs of a task.
pub(crate) const OUTPUTS: usize = 1_024;
/// Executors of a task.
pub(crate) const EXECUTORS: usize = 64;
/// Arguments of one executor.
pub(crate) const ARGUMENTS: usize = 4_096;
/// Tags of a task or run.
pub(crate) const TAGS: usize = 64;
/// Characters of a name or a tag.
pub(crate) const NAME_CHARS: usize = 512;
/// Characters of a description.
pub(crate) const DESCRIPTION_CHARS: usize = 8_192;
/// Bytes of `inputs[].content` (TES 1.1: at least 128 KiB must be supported; it is also our most).
pub(crate) const CONTENT_BYTES: usize = 128 << 10;
/// Strings of one `workflow_params`.
pub(crate) const PARAM_STRINGS: usize = 100_000;
/// Depth at which JSON inside strings is still walked (`apis.md` 3.3).
pub(crate) const NESTED_TEXT: usize = 4;
/// Time that looking through the texts of one request may take; the rest counts as opaque (`apis.md` E76).
pub(crate) const SCAN_TIME: Duration = Duration::from_millis(200);
/// Bytes of the texts of one request that are looked through, unpacked ones too.
pub(crate) const SCAN_BYTES: usize = 64 << 20;
/// Bytes after which that time is looked at.
pub(crate) const SCAN_ASK_BYTES: usize = 64 << 10;
/// Largest page of a task list (TES: below 2048).
pub(crate) const PAGE_MOST: u32 = 2_047;
/// Page of a list when none is asked for (TES 1.1).
pub(crate) const PAGE_DEFAULT: u32 = 256;
/// Bytes of a JSON answer of a backend.
pub(crate) const BACKEND_BYTES: usize = 16 << 20;
/// Characters of a reason phrase (`apis.md` 1.5).
pub(crate) const REASON_CHARS: usize = 120;
/// How often a request is decided again since its snapshot was replaced (D7), before it is answered 503.
pub(crate) const DECIDE_AGAIN: usize = 8;
/// Oldest sight of the record that data is given on: nobody knows what was withdrawn since (`policy.md` 6).
pub(crate) const SNAPSHOT_AGE: Duration = Duration::from_secs(300);
/// How far the machine's clock may be behind what is known to have happened, before nobody believes it.
pub(crate) const CLOCK_BEHIND: Duration = Duration::from_secs(60);
/// Requests worked on at once, if the settings name no other number: each may hold a body of some MiB.
pub const REQUESTS_AT_ONCE: usize = 512;
/// How long a request waits for one of these places.
pub(crate) const PLACE_WAIT: Duration = Duration::from_secs(1);
/// How deep bundles may lie in each other (`apis.md` 2.2).
pub(crate) const BUNDLE_DEPTH: usize = 16;
/// Members that the bundles of one answer may have (`apis.md` 2.2).
pub(crate) const BUNDLE_MEMBERS: usize = 10_000;
/// URIs of one member that are looked at.
pub(crate) const MEMBER_URIS: usize = 16;
/// Verified callers kept in memory.
pub(crate) const CALLERS: u64 = 10_000;

/// Time for a request's JSON body to come in.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(30);
/// Time for a backend to begin its answer.
pub(crate) const BACKEND_TIME: Duration = Duration::from_secs(30);
/// A backend that failed so many times in a row is left alone …
pub(crate) const CIRCUIT_FAILURES: u32 = 5;
/// … for this long; then one request at a time tries it.
pub(crate) const CIRCUIT_OPEN: Duration = Duration::from_secs(10);
/// Time for all that one answer of many objects takes of a backend: a bundle's members, a bulk request.
pub(crate) const MANY_TIME: Duration = Duration::from_secs(30);
/// Time between two pieces of a stream.
pub(crate) const STREAM_IDLE: Duration = Duration::from_secs(60);
/// Life of a person's capability (D6, `apis.md` E49).
pub(crate) const CAPABILITY_LIFE: Duration = Duration::from_secs(300);
/// Most life of a task's capability (D6).
pub(crate) const TASK_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
/// What work rests on is renewed when it ends within so long.
pub(crate) const RENEW_AHEAD: Duration = Duration::from_secs(1_200);
/// A renewal that was refused is tried again after so long.
pub(crate) const RENEW_AGAIN: Duration = Duration::from_secs(120);
/// Work that is being stopped at its backends; more is asked about twice.
pub(crate) const STOPPING: u64 = 100_000;
/// Whoever asks a backend to stop something is thought to be gone after so long, and another asks.
pub(crate) const STOP_AGAIN: Duration = Duration::from_secs(60);
/// A task's capability sleeps when the backend has not confirmed the task for so long (D6).
pub(crate) const UNCONFIRMED: Duration = Duration::from_secs(600);
/// A capability of a task that is still `submitting` waits so long for `queued` (`apis.md` 10.3).
pub(crate) const SUBMITTING_WAIT: Duration = Duration::from_secs(5);
/// Life of a page token (`apis.md` E33).
pub(crate) const PAGE_LIFE: Duration = Duration::from_secs(24 * 3600);
/// How long a Passport fetched from the broker is used at most.
pub(crate) const PASSPORT_LIFE: Duration = Duration::from_secs(600);
/// Bytes after which a stream asks again whether it is still permitted (`apis.md` 10.2).
pub(crate) const STREAM_ASK_BYTES: u64 = 64 << 20;
/// Seconds after which a stream asks again.
pub(crate) const STREAM_ASK_TIME: Duration = Duration::from_secs(5);
/// Byte budget when the size of the object is not known.
pub(crate) const BUDGET_UNKNOWN: u64 = 64 << 30;
/// Bytes set aside for an answer that does not tell its length, of an object that does not tell its size.
pub(crate) const STREAM_UNTOLD: u64 = 4 << 30;
/// The region that the door's S3 side names; clients may sign for any.
pub(crate) const S3_REGION: &str = "us-east-1";
/// Files that one request for release names.
pub(crate) const RELEASE_FILES: usize = 100;
/// Bytes of the reason of a request for release, and of the answer to it.
pub(crate) const RELEASE_WORDS: usize = 4_000;
/// Requests of one person that wait for somebody at a time.
pub(crate) const RELEASES_WAITING: i64 = 20;
/// Requests of one list.
pub(crate) const RELEASES_LISTED: i64 = 500;
/// How long a released file may be fetched.
pub(crate) const RELEASE_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// Objects of one dataset with which outputs are compared.
pub(crate) const RELEASE_INPUTS: usize = 20_000;
/// Calls at once to a DRS for that.
pub(crate) const RELEASE_CALLS: usize = 16;
