//! The web page of the chat service: the files of `web/`, part of the program, for browsers that ask this listener.
//!
//! The page may do nothing but load its own files and connect to where it came from, whatever is said in rooms: the
//! browser holds it to that by the Content-Security-Policy.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::LazyLock;

/// One file of the page.
struct File {
    /// Its path below `/web/`.
    path: &'static str,
    bytes: &'static [u8],
}

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(File { path: $path, bytes: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/", $path)) }),*]
    };
}

/// All files, sorted; a test compares them with the directory.
const FILES: &[File] = files![
    "client/catch_up.js",
    "client/client.js",
    "client/commands.js",
    "client/run.js",
    "client/search.js",
    "client/split.js",
    "client/transmit.js",
    "client/typing.js",
    "icon.svg",
    "index.html",
    "irc/batches.js",
    "irc/capabilities.js",
    "irc/history.js",
    "irc/line.js",
    "irc/names.js",
    "irc/outbox.js",
    "irc/registration.js",
    "irc/session.js",
    "keep.js",
    "limits.js",
    "main.js",
    "manifest.webmanifest",
    "state/apply.js",
    "state/message.js",
    "state/model.js",
    "state/numerics.js",
    "state/people.js",
    "state/rows.js",
    "state/text.js",
    "state/timeline.js",
    "state/unread.js",
    "style.css",
    "view/app.js",
    "view/composer.js",
    "view/conversation.js",
    "view/dialogs.js",
    "view/dom.js",
    "view/message.js",
    "view/notices.js",
    "view/people.js",
    "view/rooms.js",
    "view/search.js",
    "view/sidebar.js",
    "view/timeline.js",
    "view/tools.js",
    "view/welcome.js",
    "view/words.js",
];

const INDEX: &str = "index.html";

/// What every answer has: nothing from elsewhere, no script or style but ours, no frame around it, no trace of the
/// invitation in requests to other sites.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    // Kept by the browser, and asked for again each time: a newer program has a newer page.
    (header::CACHE_CONTROL, "no-cache"),
    (header::VARY, "accept-encoding"),
];

/// The effort of compressing, of 1 to 22: what the first request waits some milliseconds for.
const ZSTD_LEVEL: i32 = 9;

/// A file as it is sent.
struct Served {
    path: &'static str,
    kind: &'static str,
    tag: HeaderValue,
    plain: &'static [u8],
    zstd: Option<Vec<u8>>,
}

static SERVED: LazyLock<Vec<Served>> = LazyLock::new(|| FILES.iter().map(Served::new).collect());

/// The ways to the page, beside `/`, which programs also use for IRC.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let index = get(|headers: HeaderMap| async move { index(&headers) });
    let file = get(|Path(path): Path<String>, headers: HeaderMap| async move { answer(&path, &headers) });
    Router::new().route("/i/{code}", index).route("/web/{*path}", file)
}

/// The page itself.
pub(super) fn index(request: &HeaderMap) -> Response {
    answer(INDEX, request)
}

fn answer(path: &str, request: &HeaderMap) -> Response {
    let Some(file) = SERVED.iter().find(|file| file.path == path) else {
        return (StatusCode::NOT_FOUND, HEADERS, "There is no such file.\n").into_response();
    };
    let is_known = values(request, header::IF_NONE_MATCH).any(|tag| tag.trim_start_matches("W/") == file.tag);
    let tag = [(header::ETAG, file.tag.clone())];
    if is_known {
        return (StatusCode::NOT_MODIFIED, HEADERS, tag).into_response();
    }
    let kind = [(header::CONTENT_TYPE, file.kind)];
    match &file.zstd {
        Some(zstd) if values(request, header::ACCEPT_ENCODING).any(|coding| coding == "zstd") => {
            (HEADERS, tag, kind, [(header::CONTENT_ENCODING, "zstd")], zstd.as_slice()).into_response()
        }
        _ => (HEADERS, tag, kind, file.plain).into_response(),
    }
}

/// The members of a list that may be in several lines (RFC 9110 §5.6.1).
fn values(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

impl Served {
    fn new(file: &File) -> Self {
        let sum = blake3::hash(file.bytes).to_hex();
        // The validator is a weak one, for the same file in another coding is equivalent (RFC 9110 §8.8.3).
        let tag = HeaderValue::try_from(format!("\"{}\"", &sum[..16])).unwrap_or(HeaderValue::from_static("\"\""));
        let zstd = zstd::bulk::compress(file.bytes, ZSTD_LEVEL).ok();
        Self { path: file.path, kind: kind_of(file.path), tag, plain: file.bytes, zstd }
    }
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, end)| end) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path as FilePath;

    fn asked(path: &str, headers: &[(HeaderName, &'static str)]) -> Response {
        let pairs = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        answer(path, &pairs.collect())
    }

    fn header_of(response: &Response, name: HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What of the directory is served: all but tests and what describes the modules to Node.
    fn files_below(folder: &FilePath, path: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{path}{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                files_below(&entry.path(), &format!("{name}/"), found);
            } else if !name.starts_with("tests/") && !name.ends_with(".json") {
                found.insert(name);
            }
        }
    }

    #[test]
    fn every_file_of_the_page_is_served_and_preloaded() {
        let mut there = BTreeSet::new();
        files_below(FilePath::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../web")), "", &mut there);
        let served: Vec<_> = FILES.iter().map(|file| file.path.to_owned()).collect();
        assert_eq!(served, there.into_iter().collect::<Vec<_>>());
        let index = FILES.iter().find(|file| file.path == INDEX).unwrap();
        let index = std::str::from_utf8(index.bytes).unwrap();
        for path in served.iter().filter(|path| path.ends_with(".js") && *path != "main.js") {
            assert!(index.contains(&format!("<link rel=\"modulepreload\" href=\"/web/{path}\" />")), "{path}");
        }
    }

    /// Nothing in the page that the policy would forbid, and nothing from elsewhere.
    #[test]
    fn the_page_has_no_script_or_style_within() {
        let index = FILES.iter().find(|file| file.path == INDEX).unwrap();
        let index = std::str::from_utf8(index.bytes).unwrap();
        assert_eq!(index.matches("<script").count(), 1);
        for forbidden in ["<style", " style=", "javascript:", " onclick", "http://", "https://"] {
            assert!(!index.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn answers_hold_the_browser_to_our_own_files() {
        for path in ["index.html", "main.js", "no-such-file"] {
            let response = asked(path, &[]);
            let policy = header_of(&response, header::CONTENT_SECURITY_POLICY);
            assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
            assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
            assert_eq!(header_of(&response, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(header_of(&response, header::REFERRER_POLICY), "no-referrer");
        }
        assert_eq!(header_of(&asked("main.js", &[]), header::CONTENT_TYPE), "text/javascript; charset=utf-8");
        assert_eq!(asked("../Cargo.toml", &[]).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_browser_that_has_the_file_is_not_sent_it_again() {
        let first = asked("style.css", &[]);
        let tag = header_of(&first, header::ETAG);
        let request = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_str(tag).unwrap())]);
        assert_eq!(answer("style.css", &request).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer("main.js", &request).status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn who_knows_zstd_gets_less_to_load() {
        let whole = asked("style.css", &[(header::ACCEPT_ENCODING, "gzip, br")]);
        assert_eq!(header_of(&whole, header::CONTENT_ENCODING), "");
        let small = asked("style.css", &[(header::ACCEPT_ENCODING, "gzip, br, zstd")]);
        assert_eq!(header_of(&small, header::CONTENT_ENCODING), "zstd");
        let small = axum::body::to_bytes(small.into_body(), usize::MAX).await.unwrap();
        let whole = axum::body::to_bytes(whole.into_body(), usize::MAX).await.unwrap();
        assert_eq!(zstd::stream::decode_all(&*small).unwrap(), whole);
    }
}
