//! Which certificates are trusted, and what is said of a host that cannot be reached.

use std::error::Error as _;

use pve_client::{Client, ConnectFailure, Connection, Error, Fingerprint, SetupError, Tls};
use tokio::net::TcpListener;

use crate::peer::{Identity, Peer, ok, token};

async fn version(connection: &Connection) -> Result<(), Error> {
    let client = Client::new(connection).expect("a client");
    client.version().await.map(|_| ())
}

async fn peer_as(identity: &Identity) -> Peer {
    Peer::start_as(identity, [ok(r#"{"release":"9.2","version":"9.2.11"}"#)]).await
}

#[tokio::test]
async fn each_way_to_trust_accepts_its_certificate() {
    let identity = Identity::for_name("127.0.0.1");
    for tls in [
        Tls::CaFile(identity.pem.clone().into_bytes()),
        Tls::Fingerprint(identity.fingerprint()),
        Tls::Insecure,
    ] {
        let peer = peer_as(&identity).await;
        version(&peer.connection(token(), tls))
            .await
            .expect("a trusted host");
    }
}

#[tokio::test]
async fn a_fingerprint_or_no_check_does_not_mind_the_name() {
    let identity = Identity::for_name("elsewhere.example");
    for tls in [Tls::Fingerprint(identity.fingerprint()), Tls::Insecure] {
        let peer = peer_as(&identity).await;
        version(&peer.connection(token(), tls))
            .await
            .expect("a trusted host");
    }
}

#[tokio::test]
async fn an_untrusted_certificate_is_named_by_its_fingerprint_before_anything_is_sent() {
    let identity = Identity::for_name("127.0.0.1");
    let other = Identity::for_name("127.0.0.1");
    let renamed = Identity::for_name("elsewhere.example");
    for (shown, tls) in [
        (&identity, Tls::CaFile(other.pem.clone().into_bytes())),
        (&identity, Tls::Fingerprint(other.fingerprint())),
        (&renamed, Tls::CaFile(renamed.pem.clone().into_bytes())),
    ] {
        let peer = peer_as(shown).await;
        let error = version(&peer.connection(token(), tls))
            .await
            .expect_err("no trust");
        assert_eq!(
            error.to_string(),
            format!(
                "the certificate of https://127.0.0.1:{} is not trusted; its SHA-256 fingerprint is {}",
                peer.port,
                shown.fingerprint()
            )
        );
        let setting = format!("tls_fingerprint = \"{}\"", shown.fingerprint());
        assert!(error.hint().is_some_and(|hint| hint.contains(&setting)));
        assert_eq!(peer.requests(), [""; 0]);
    }
}

#[tokio::test]
async fn the_authorities_of_this_machine_do_not_vouch_for_a_self_signed_certificate() {
    let peer = peer_as(&Identity::for_name("127.0.0.1")).await;
    match Client::new(&peer.connection(token(), Tls::SystemRoots)) {
        Ok(client) => {
            let error = client.version().await.expect_err("no trust");
            assert!(
                matches!(error, Error::Untrusted { seen, .. } if seen == peer.fingerprint),
                "{error:?}"
            );
        }
        Err(error) => assert!(matches!(error, SetupError::NoSystemRoots), "{error:?}"),
    }
    assert_eq!(peer.requests(), [""; 0]);
}

#[tokio::test]
async fn a_pinned_certificate_without_its_key_is_refused() {
    let identity = Identity::for_name("127.0.0.1");
    let pinned = identity.fingerprint();
    let thief = identity.with_key_of(Identity::for_name("127.0.0.1"));
    for tls in [Tls::Fingerprint(pinned), Tls::Insecure] {
        let peer = peer_as(&thief).await;
        let error = version(&peer.connection(token(), tls))
            .await
            .expect_err("a stolen certificate");
        assert!(
            matches!(
                error,
                Error::Connect {
                    source: ConnectFailure::Tls(_),
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(peer.requests(), [""; 0]);
    }
}

fn connection(url: &str) -> Connection {
    let endpoint = url.parse().expect("an endpoint");
    Connection {
        endpoint,
        auth: token(),
        tls: Tls::Fingerprint(Fingerprint([0; 32])),
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_reported_at_once() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let error = version(&connection(&format!("https://127.0.0.1:{port}")))
        .await
        .expect_err("nobody");
    assert_eq!(
        error.to_string(),
        format!("failed to connect to https://127.0.0.1:{port}")
    );
    assert_eq!(
        error.source().map(ToString::to_string).as_deref(),
        Some("connection refused")
    );
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("systemctl status pveproxy"))
    );
}

#[tokio::test]
async fn a_name_that_cannot_exist_is_reported_as_such() {
    // Reserved for names that do not exist (RFC 6761).
    let host = "no-such-host.invalid";
    let error = version(&connection(&format!("https://{host}")))
        .await
        .expect_err("no such name");
    assert!(
        matches!(
            error,
            Error::Connect {
                source: ConnectFailure::Resolve(_),
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.starts_with("check the host name"))
    );
}

#[tokio::test]
async fn a_server_without_tls_is_reported_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
            tokio::io::AsyncWriteExt::write_all(&mut tcp, answer)
                .await
                .ok();
        }
    });
    let error = version(&connection(&format!("https://127.0.0.1:{port}")))
        .await
        .expect_err("no TLS");
    assert!(
        matches!(
            error,
            Error::Connect {
                source: ConnectFailure::Tls(_),
                ..
            }
        ),
        "{error:?}"
    );
}
