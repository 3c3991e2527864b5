//! The hardened client, as the `openidconnect` crate wants to call it.

use bytes::Bytes;
use futures::future::BoxFuture;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use visa_verifier::seam::{Fetch, FetchError, Limit};

/// Sends what `openidconnect` asks for through [`Fetch`]; nothing of it follows a redirect.
#[derive(Debug)]
pub(crate) struct Outside<'f>(pub(crate) &'f dyn Fetch);

impl<'c> AsyncHttpClient<'c> for Outside<'_> {
    type Error = FetchError;
    type Future = BoxFuture<'c, Result<HttpResponse, FetchError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let fetched = self.0.send(request.map(Bytes::from), Limit::TOKENS).await?;
            let mut response = HttpResponse::new(fetched.body.to_vec());
            *response.status_mut() = fetched.status;
            *response.headers_mut() = fetched.headers;
            Ok(response)
        })
    }
}
