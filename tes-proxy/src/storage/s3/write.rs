//! PutObject, uploads in parts, DeleteObject: in the session's own bucket and its sinks. What is written comes from all of
//! the session's datasets, and says so from its first second (E30).

use audit_log::EventType;
use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use md5::{Digest, Md5};

use crate::{
    router::promise,
    store::{Kept, Part},
};

use super::{
    Area, Call,
    body::{self, Got, failed},
    empty,
    fault::{Fault, denied, invalid},
    sign::hex,
    xml,
    xml::{PARTS, Xml},
};

/// Bytes of the list of an upload's parts.
const LIST: usize = 2 << 20;

impl Call<'_> {
    /// May the session write here, from where it comes?
    fn writable(&self, name: &str) -> Result<(), Fault> {
        match self.area(name)? {
            Area::Input(_) => Err(denied("door.read_only", "inputs are not written")),
            Area::Sink if !self.inside => Err(denied(
                "door.wrong_network",
                "the places that a session may write to are written from the compute network",
            )),
            Area::Scratch if !self.inside && self.compute_only() => Err(denied(
                "door.derived",
                "the session's own bucket comes from compute-only data: outside of the compute network it is listed and deleted",
            )),
            Area::Scratch | Area::Sink => Ok(()),
        }
    }

    /// Bytes that the session may still keep.
    async fn room(&self) -> Result<u64, Fault> {
        let used = self.parts().objects.used(&self.session.work.id).await?;
        Ok(self.parts().config.door.scratch_bytes.saturating_sub(used))
    }

    /// The length that the client announced for what it keeps.
    fn announced(&self) -> Result<Option<u64>, Fault> {
        let headers = &self.incoming.headers;
        let told = headers.get("x-amz-decoded-content-length");
        let told = told.or_else(|| {
            headers
                .get(header::CONTENT_LENGTH)
                .filter(|_| !headers.contains_key("x-amz-decoded-content-length"))
        });
        let in_pieces = matches!(
            self.signed.payload,
            super::sign::Payload::Pieces | super::sign::Payload::SignedPieces
        );
        if in_pieces && !headers.contains_key("x-amz-decoded-content-length") {
            return Err(invalid(
                "door.body",
                "a body in pieces announces its length in x-amz-decoded-content-length",
            ));
        }
        told.map(|value| {
            let text = value.to_str().unwrap_or_default();
            text.parse::<u64>()
                .map_err(|_| invalid("door.body", "the announced length is no number"))
        })
        .transpose()
    }

    /// Takes the body into a new file of the session.
    async fn taken(&self, body: Body) -> Result<(String, Got), Fault> {
        let (announced, room) = (self.announced()?, self.room().await?);
        if announced.is_some_and(|length| length > room) {
            return Err(full());
        }
        let scratch = self.parts().scratch()?;
        let name = self.parts().gate.id();
        let session = &self.session.work.id;
        let mut file = scratch.create(session, &name).await.map_err(|error| failed(&error))?;
        match body::take(body, &self.signed, announced, &mut file, room).await {
            Ok(got) => {
                if let Err(fault) = self.md5(&got) {
                    scratch.remove(session, &name).await;
                    return Err(fault);
                }
                Ok((name, got))
            }
            Err(fault) => {
                scratch.remove(session, &name).await;
                Err(fault)
            }
        }
    }

    /// `Content-MD5`, where a client sends it.
    fn md5(&self, got: &Got) -> Result<(), Fault> {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        match self.incoming.headers.get("content-md5") {
            Some(value) if value.as_bytes() != STANDARD.encode(got.md5).as_bytes() => Err(Fault::new(
                StatusCode::BAD_REQUEST,
                "BadDigest",
                "door.content_hash",
                "the body is not the one whose MD5 was sent",
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// Enters an object with its lineage.
    async fn enter(&self, name: &str, file: String, size: u64, etag: String, sha256: String) -> Result<(), Fault> {
        let kept = Kept {
            bucket: self.bucket.clone(),
            name: name.to_owned(),
            file,
            size,
            etag,
            sha256,
            datasets: serde_json::to_string(&self.session.spec.datasets).unwrap_or_else(|_| "[]".to_owned()),
            at: self.parts().gate.now().unix(),
        };
        let before = self.parts().objects.put(&self.session.work.id, &kept).await?;
        if let Some(file) = before {
            self.parts().scratch()?.remove(&self.session.work.id, &file).await;
        }
        Ok(())
    }
}

fn full() -> Fault {
    denied(
        "door.scratch_full",
        "the session keeps as much as it may; delete what is not needed any more",
    )
}

fn no_upload() -> Fault {
    Fault::new(
        StatusCode::NOT_FOUND,
        "NoSuchUpload",
        "door.no_such_upload",
        "there is no such upload of this session",
    )
}

fn tagged(etag: &str) -> Response {
    let mut response = empty(StatusCode::OK);
    if let Ok(value) = HeaderValue::from_str(&format!("\"{etag}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// `PUT /bucket/key`.
pub(super) async fn put(call: &Call<'_>, body: Body) -> Result<Response, Fault> {
    let name = call.key()?;
    call.writable(name)?;
    // on record before the first byte is taken: a denied upload is never read (E46)
    let permit = call.permit(EventType::TesOutput, name).await?;
    let (file, got) = call.taken(body).await?;
    let etag = hex(&got.md5);
    call.enter(name, file, got.size, etag.clone(), got.sha256).await?;
    let mut response = tagged(&etag);
    promise(response.headers_mut(), Some(permit.header()));
    Ok(response)
}

/// `DELETE /bucket/key`: in the session's own bucket; what is not there is deleted already.
pub(super) async fn delete(call: &Call<'_>) -> Result<Response, Fault> {
    let name = call.key()?;
    if call.area(name)? != Area::Scratch {
        return Err(denied(
            "door.read_only",
            "objects are deleted in the session's own bucket alone",
        ));
    }
    let permit = call.permit(EventType::TesOutput, name).await?;
    let session = &call.session.work.id;
    if let Some(file) = call.parts().objects.delete(session, &call.bucket, name).await? {
        call.parts().scratch()?.remove(session, &file).await;
    }
    let mut response = empty(StatusCode::NO_CONTENT);
    promise(response.headers_mut(), Some(permit.header()));
    Ok(response)
}

/// `POST /bucket/key?uploads`.
pub(super) async fn begin(call: &Call<'_>) -> Result<Response, Fault> {
    let name = call.key()?;
    call.writable(name)?;
    let permit = call.permit(EventType::TesOutput, name).await?;
    let parts = call.parts();
    let id = parts.gate.id();
    let now = parts.gate.now().unix();
    parts
        .objects
        .begin(&id, &call.session.work.id, &call.bucket, name, now)
        .await?;
    let mut out = Xml::new();
    out.root("InitiateMultipartUploadResult");
    out.text("Bucket", &call.bucket);
    out.text("Key", name);
    out.text("UploadId", &id);
    out.close("InitiateMultipartUploadResult");
    let mut response = xml(out.done());
    promise(response.headers_mut(), Some(permit.header()));
    Ok(response)
}

/// Is it an upload of this session, for this key?
async fn begun(call: &Call<'_>, upload: &str) -> Result<(), Fault> {
    let name = call.key()?;
    let plain = upload.len() <= 64 && upload.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let known = plain
        && call
            .parts()
            .objects
            .is_begun(upload, &call.session.work.id, &call.bucket, name)
            .await?;
    if known { Ok(()) } else { Err(no_upload()) }
}

/// `PUT /bucket/key?partNumber=N&uploadId=U`.
pub(super) async fn part(call: &Call<'_>, upload: &str, number: i64, body: Body) -> Result<Response, Fault> {
    let name = call.key()?;
    call.writable(name)?;
    begun(call, upload).await?;
    let permit = call.permit(EventType::TesOutput, name).await?;
    let (file, got) = call.taken(body).await?;
    let md5 = hex(&got.md5);
    let part = Part {
        number,
        file,
        size: got.size,
        md5: md5.clone(),
    };
    if let Some(before) = call.parts().objects.part(upload, &part).await? {
        call.parts().scratch()?.remove(&call.session.work.id, &before).await;
    }
    let mut response = tagged(&md5);
    promise(response.headers_mut(), Some(permit.header()));
    Ok(response)
}

/// `POST /bucket/key?uploadId=U`.
pub(super) async fn complete(call: &Call<'_>, upload: &str, body: Body) -> Result<Response, Fault> {
    use http_body_util::BodyExt as _;
    let name = call.key()?;
    call.writable(name)?;
    begun(call, upload).await?;
    let limited = http_body_util::Limited::new(body, LIST).collect();
    let list = tokio::time::timeout(crate::limits::BODY_TIME, limited)
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| invalid("door.xml", "the list of parts is too long, or did not come"))?
        .to_bytes();
    if let super::sign::Payload::Whole(hash) = &call.signed.payload
        && super::sign::sha256(&list) != *hash
    {
        return Err(invalid(
            "door.content_hash",
            "the body is not the one whose SHA-256 was signed",
        ));
    }
    let text = std::str::from_utf8(&list).map_err(|_| invalid("door.xml", "the list of parts is not text"))?;
    let named = xml::parts(text)?;
    let have = call.parts().objects.parts(upload).await?;
    let mut chosen: Vec<&Part> = Vec::new();
    for (number, etag) in named.iter().take(PARTS) {
        let found = have.iter().find(|part| part.number == *number && part.md5 == *etag);
        chosen.push(found.ok_or_else(|| {
            Fault::new(
                StatusCode::BAD_REQUEST,
                "InvalidPart",
                "door.part_unknown",
                "a part of the list was not uploaded, or is another one",
            )
        })?);
    }
    let permit = call.permit(EventType::TesOutput, name).await?;
    let (scratch, session) = (call.parts().scratch()?, &call.session.work.id);
    let file = call.parts().gate.id();
    let files: Vec<&str> = chosen.iter().map(|part| part.file.as_str()).collect();
    let sha256 = scratch
        .join(session, &files, &file)
        .await
        .map_err(|error| failed(&error))?;
    let mut digest = Md5::new();
    for part in &chosen {
        digest.update(unhex16(&part.md5));
    }
    let md5: [u8; 16] = digest.finalize().into();
    let etag = format!("{}-{}", hex(&md5), chosen.len());
    let size = chosen.iter().fold(0_u64, |sum, part| sum.saturating_add(part.size));
    call.enter(name, file, size, etag.clone(), sha256).await?;
    call.parts().objects.over(upload).await?;
    for part in &have {
        scratch.remove(session, &part.file).await;
    }
    let mut out = Xml::new();
    out.root("CompleteMultipartUploadResult");
    out.text(
        "Location",
        &format!("{}{}/{name}", call.parts().config.door_url, call.bucket),
    );
    out.text("Bucket", &call.bucket);
    out.text("Key", name);
    out.text("ETag", &format!("\"{etag}\""));
    out.close("CompleteMultipartUploadResult");
    let mut response = xml(out.done());
    promise(response.headers_mut(), Some(permit.header()));
    Ok(response)
}

/// `DELETE /bucket/key?uploadId=U`.
pub(super) async fn abort(call: &Call<'_>, upload: &str) -> Result<Response, Fault> {
    let name = call.key()?;
    call.area(name)?;
    begun(call, upload).await?;
    let permit = call.permit(EventType::TesOutput, name).await?;
    let have = call.parts().objects.parts(upload).await?;
    call.parts().objects.over(upload).await?;
    for part in &have {
        call.parts().scratch()?.remove(&call.session.work.id, &part.file).await;
    }
    let mut response = empty(StatusCode::NO_CONTENT);
    promise(response.headers_mut(), Some(permit.header()));
    Ok(response)
}

/// The bytes of an MD5 that we wrote ourselves.
fn unhex16(text: &str) -> Vec<u8> {
    (0..16)
        .filter_map(|at| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok())
        .collect()
}
