//! The proxy starts the workflow sessions whose tokens the broker's token endpoint gives.

use futures::{FutureExt as _, future::BoxFuture};
use passport_broker::sessions::{NoSession, SessionOrder, SessionToken, Sessions};
use tes_proxy::Proxy;

/// Starting at this proxy.
#[derive(Debug)]
pub(super) struct AtProxy(pub(super) Proxy);

/// Seconds to wait where the proxy names none.
const WAIT: u32 = 5;

impl Sessions for AtProxy {
    fn audience(&self) -> &str {
        self.0.audience()
    }

    fn start(&self, order: SessionOrder) -> BoxFuture<'_, Result<SessionToken, NoSession>> {
        async move {
            let asked = tes_proxy::SessionOrder {
                access_token: order.access_token,
                proven: order.proven,
                declaration: order.declaration,
                address: order.address,
                agent: Some(order.client),
            };
            match self.0.session_for(asked).await {
                Ok(session) => Ok(SessionToken {
                    token: session.token,
                    seconds: session.seconds,
                    granted: session.granted,
                }),
                Err(no) => {
                    let why = no.to_string();
                    Err(match no.status {
                        401 => NoSession::Token(why),
                        400 => NoSession::Declaration(why),
                        429 | 500.. => NoSession::Later(no.retry_after.unwrap_or(WAIT)),
                        _ => NoSession::Refused(why),
                    })
                }
            }
        }
        .boxed()
    }
}
