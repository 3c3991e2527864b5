//! Verbs, signatures and bodies of the S3 side (E64 to E68).

use tests::s3::{Ask, S3, element, hex};

use super::{
    house,
    s3::{INPUT, code, is, keys},
    session,
};

#[tokio::test(flavor = "multi_thread")]
async fn e64_e65_e67_e68_the_verbs_of_the_list_are_all() {
    let (house, _) = house().await;
    let (ada, _) = house.granted().await;
    let (session, s3, bucket) = keys(&house, &ada).await;
    assert_eq!(session::send(&house, &session, |_| {}).await.status, 200);
    let own = format!("/{bucket}");
    let key = format!("/{bucket}/k");
    assert_eq!(s3.put(&key, b"first").await.status, 200);
    assert_eq!(s3.put(&key, b"second").await.status, 200);
    let cases: Vec<(&str, &str, &str, u16)> = vec![
        ("HEAD", &own, "", 200),
        ("GET", &own, "location", 200),
        ("GET", &own, "", 200),
        ("GET", &own, "list-type=2", 200),
        ("PUT", &own, "", 409),
        ("PUT", "/a-new-bucket", "", 403),
        ("PUT", "/visum-inputs", "", 403),
        ("DELETE", &own, "", 204),
        ("DELETE", "/visum-inputs", "", 403),
        ("HEAD", "/visum-inputs", "", 200),
        ("HEAD", "/nobodys", "", 403),
        ("GET", "/nobodys", "location", 403),
        ("GET", INPUT, "versionId=1", 400),
        ("HEAD", INPUT, "versionId=null", 400),
        ("GET", INPUT, "partNumber=1", 400),
        ("GET", &own, "versions", 400),
        ("GET", &own, "uploads", 400),
        ("GET", INPUT, "response-content-type=text%2Fhtml", 400),
        ("GET", INPUT, "response-content-disposition=x", 400),
        ("GET", INPUT, "response-cache-control=x", 400),
        ("GET", INPUT, "response-expires=x", 400),
        ("GET", INPUT, "acl", 501),
        ("PUT", &key, "acl", 501),
        ("GET", &own, "acl", 501),
        ("GET", &own, "policy", 501),
        ("GET", &own, "policyStatus", 501),
        ("GET", INPUT, "tagging", 501),
        ("GET", INPUT, "torrent", 501),
        ("GET", INPUT, "attributes", 501),
        ("GET", INPUT, "retention", 501),
        ("POST", INPUT, "select&select-type=2", 501),
        ("POST", INPUT, "restore", 501),
        ("GET", &own, "website", 501),
        ("GET", &own, "cors", 501),
        ("GET", &own, "notification", 501),
        ("GET", &own, "versioning", 501),
        ("GET", &own, "lifecycle", 501),
        ("POST", &own, "delete", 501),
        ("POST", &own, "", 501),
        ("PATCH", &key, "", 501),
        ("GET", "/", "", 501),
    ];
    for (method, path, query, status) in cases {
        let answer = s3.send(&Ask::new(method, path).query(query)).await;
        assert_eq!(answer.status, status, "{method} {path}?{query}: {}", answer.text());
    }
    let exists = s3.send(&Ask::new("PUT", &own)).await;
    assert_eq!(element(&exists, "Code"), "BucketAlreadyOwnedByYou");
    assert_eq!(
        s3.get(&key, "").await.body,
        b"second",
        "nothing of that changed or emptied it"
    );
    // a copy is a read that nobody decided
    for (name, value) in [
        ("x-amz-copy-source", INPUT),
        ("x-amz-copy-source", "/somebody-elses/secret"),
        ("x-amz-acl", "public-read"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ] {
        let answer = s3
            .send(&Ask::new("PUT", &format!("/{bucket}/copy")).header(name, value))
            .await;
        assert_eq!(
            (answer.status, element(&answer, "Code").as_str()),
            (501, "NotImplemented"),
            "{name}: {}",
            answer.text()
        );
    }
    assert_eq!(s3.head(&format!("/{bucket}/copy")).await.status, 404);
    let begun = s3
        .send(&Ask::new("POST", &format!("/{bucket}/copy")).query("uploads"))
        .await;
    let upload = element(&begun, "UploadId");
    let part = Ask::new("PUT", &format!("/{bucket}/copy")).query(&format!("partNumber=1&uploadId={upload}"));
    assert_eq!(
        s3.send(&part.header("x-amz-copy-source", INPUT)).await.status,
        501,
        "UploadPartCopy"
    );
    // a browser's form
    let form = Ask::new("POST", &own)
        .header("content-type", "multipart/form-data; boundary=x")
        .body(b"--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--x--\r\n");
    assert!(matches!(s3.send(&form).await.status, 403 | 501));
}

#[tokio::test(flavor = "multi_thread")]
async fn e66_requests_are_signed_in_the_header_now_and_whole() {
    let (house, _) = house().await;
    let (ada, _) = house.granted().await;
    let (_, s3, bucket) = keys(&house, &ada).await;
    let key = format!("/{bucket}/k");
    let head = Ask::new("HEAD", INPUT);
    assert_eq!(s3.send(&head).await.status, 200);
    // in the query, of either version
    for query in [
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-Date=20261123T000000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=00",
        "AWSAccessKeyId=x&Signature=y&Expires=2000000000",
    ] {
        let ask = Ask::new("GET", INPUT).query(query);
        assert_eq!(s3.raw(&ask, &[]).await.status, 400, "{query}");
        assert_eq!(s3.send(&ask).await.status, 400, "beside a header: {query}");
    }
    // nothing, other schemes
    assert_eq!(s3.raw(&Ask::new("GET", INPUT), &[]).await.status, 403);
    for value in [
        "AWS VSAAAA:c2lnbmF0dXJl",
        "Bearer x",
        "Basic eDp5",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=x",
    ] {
        let answer = s3
            .raw(
                &Ask::new("GET", INPUT),
                &[("authorization".to_owned(), value.to_owned())],
            )
            .await;
        assert_eq!(answer.status, 400, "{value}: {}", answer.text());
    }
    // the clock
    for (ahead, status) in [(-290, 200), (290, 200), (-310, 403), (310, 403), (-86_400, 403)] {
        let shifted = S3 { ahead, ..s3.clone() };
        assert_eq!(shifted.send(&head).await.status, status, "{ahead} s");
    }
    // what is signed
    let signed = s3.signed(&head);
    let without = |name: &str| {
        signed
            .iter()
            .filter(|(one, _)| one != name)
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(s3.raw(&head, &without("x-amz-content-sha256")).await.status, 400);
    assert_eq!(s3.raw(&head, &without("x-amz-date")).await.status, 400);
    let bare = Ask {
        without_host: true,
        ..Ask::new("GET", &format!("/{bucket}"))
    };
    assert_eq!(code(&s3.send(&bare).await), is(403, "door.signed_headers"));
    let mut slipped = Ask::new("GET", &format!("/{bucket}"));
    slipped.unsigned.push(("x-amz-meta-a".to_owned(), "b".to_owned()));
    assert_eq!(code(&s3.send(&slipped).await), is(403, "door.signed_headers"));
    // one signature, another request
    let list = Ask::new("GET", &format!("/{bucket}"));
    let signed = s3.signed(&list);
    for other in [
        Ask::new("GET", &key),
        Ask::new("DELETE", &format!("/{bucket}")),
        Ask::new("GET", &format!("/{bucket}")).query("prefix=a"),
    ] {
        assert_eq!(
            code(&s3.raw(&other, &signed).await),
            is(403, "door.signature"),
            "{other:?}"
        );
    }
    // another body than the one that was signed
    let put = Ask::new("PUT", &key).body(b"good");
    let signed = s3.signed(&put);
    let swapped = s3.raw(&Ask::new("PUT", &key).body(b"evil"), &signed).await;
    assert_eq!(
        element(&swapped, "Code"),
        "XAmzContentSHA256Mismatch",
        "{}",
        swapped.text()
    );
    assert_eq!(s3.head(&key).await.status, 404, "nothing of it is kept");
    for hash in ["UNSIGNED-PAYLOAD", ""] {
        let ask = Ask {
            hash: Some(hash.to_owned()),
            ..Ask::new("PUT", &key).body(b"x")
        };
        let status = s3.send(&ask).await.status;
        assert_eq!(status, if hash.is_empty() { 400 } else { 200 }, "{hash}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_written_in_parts_and_in_signed_pieces() {
    let (house, _) = house().await;
    let (ada, _) = house.granted().await;
    let (_, s3, bucket) = keys(&house, &ada).await;
    let key = format!("/{bucket}/big");
    let upload = element(&s3.send(&Ask::new("POST", &key).query("uploads")).await, "UploadId");
    let part = |number: u32, bytes: &[u8]| {
        Ask::new("PUT", &key)
            .query(&format!("partNumber={number}&uploadId={upload}"))
            .body(bytes)
    };
    let one = s3.send(&part(1, b"hello ")).await;
    let two = s3.send(&part(2, b"world")).await;
    assert_eq!((one.status, two.status), (200, 200), "{}", one.text());
    assert_eq!(s3.head(&key).await.status, 404, "not before it is complete");
    let listed = |first: &str, second: &str| {
        format!(
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{first}</ETag></Part>\
             <Part><PartNumber>2</PartNumber><ETag>{second}</ETag></Part></CompleteMultipartUpload>"
        )
    };
    let complete = |text: String| {
        Ask::new("POST", &key)
            .query(&format!("uploadId={upload}"))
            .body(text.as_bytes())
    };
    let wrong = s3
        .send(&complete(listed(&one.header("etag"), &one.header("etag"))))
        .await;
    assert_eq!(element(&wrong, "Code"), "InvalidPart", "{}", wrong.text());
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&a;</ETag></Part></CompleteMultipartUpload>";
    assert_eq!(s3.send(&complete(bomb.to_owned())).await.status, 400);
    let done = s3
        .send(&complete(listed(&one.header("etag"), &two.header("etag"))))
        .await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(element(&done, "ETag").ends_with("-2&quot;"), "{}", done.text());
    assert_eq!(s3.get(&key, "").await.body, b"hello world");
    assert_eq!(s3.send(&complete(listed("a", "b"))).await.status, 404, "it is over");
    let upload = element(&s3.send(&Ask::new("POST", &key).query("uploads")).await, "UploadId");
    let abort = Ask::new("DELETE", &key).query(&format!("uploadId={upload}"));
    assert_eq!(s3.send(&abort).await.status, 204);
    assert_eq!(s3.send(&abort).await.status, 404);
    // aws-chunked, by the connection's word alone, with a checksum after it
    let pieces = b"5\r\nhello\r\n3\r\n???\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
    let ask = Ask {
        hash: Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER".to_owned()),
        ..Ask::new("PUT", &key)
            .header("x-amz-decoded-content-length", "8")
            .header("x-amz-trailer", "x-amz-checksum-crc32")
            .body(pieces)
    };
    let answer = s3.send(&ask).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(s3.get(&key, "").await.body, b"hello???");
    let short = Ask {
        headers: vec![("x-amz-decoded-content-length".to_owned(), "9".to_owned())],
        ..ask.clone()
    };
    assert_eq!(s3.send(&short).await.status, 400, "less than announced");
    let signed = Ask {
        hash: Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD".to_owned()),
        ..Ask::new("PUT", &key).header("x-amz-decoded-content-length", "5").body(
            format!(
                "5;chunk-signature={}\r\nhello\r\n0;chunk-signature={}\r\n\r\n",
                "0".repeat(64),
                hex(&[0; 32])
            )
            .as_bytes(),
        )
    };
    assert_eq!(
        code(&s3.send(&signed).await),
        is(403, "door.signature"),
        "a piece that is not signed"
    );
    assert_eq!(s3.get(&key, "").await.body, b"hello???", "what was there stays");
}
