//! A request as an operator's rule describes it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use coffer_http::{NoAnswer, Place, exchange, has_no_port};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::Full;
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use zeroize::Zeroizing;

use super::answer::Answer;
use super::body::{Body, percent_encoded};
use super::template::{Source, Template, Values};
use crate::{Network, RotationError};

/// The text of a request's description.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestText {
    method: String,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    basic: Option<[String; 2]>,
    json: Option<Value>,
    form: Option<BTreeMap<String, String>>,
    #[serde(default)]
    status: Vec<u16>,
}

/// A request with places for members of secrets.
pub(super) struct RequestRule {
    method: Method,
    url: Template,
    place: Place,
    headers: Vec<(HeaderName, Template)>,
    basic: Option<[Template; 2]>,
    body: Body,
    /// What counts as done, beside all that begins with a 2 where nothing is said.
    status: Vec<u16>,
}

/// A connection to a service, by TLS or on this very machine.
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A request that was sent, or not.
pub(super) enum Failure {
    /// It was not: nothing has happened.
    Before(RotationError),
    /// It was, and it is not known what came of it.
    After(RotationError),
    /// It was, and the answer says that it was done, but is not one that can be used.
    Done(RotationError),
}

impl From<Failure> for RotationError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Before(error) | Failure::After(error) | Failure::Done(error) => error,
        }
    }
}

impl RequestRule {
    /// Reads a description. `sources` are those that it may have places for.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(
        text: RequestText,
        sources: &[Source],
        also_done: &[u16],
        allows_plain: bool,
    ) -> Result<Self, String> {
        let method = match text.method.as_str() {
            name @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE") => name.parse(),
            _ => return Err("`method` is none of GET, POST, PUT, PATCH and DELETE".to_owned()),
        };
        let method: Method = method.map_err(|_| "`method` is none".to_owned())?;
        let url = Template::read(&text.url).map_err(|why| format!("`url`: {why}"))?;
        let place = place_of(&url, allows_plain)?;
        if url.texts().any(|text| text.bytes().any(|it| !it.is_ascii_graphic())) {
            return Err("`url` has a blank, or what is no character of a URL".to_owned());
        }
        let headers = text.headers.iter().map(|(name, value)| header_of(name, value));
        let headers = headers.collect::<Result<Vec<_>, String>>()?;
        let basic = match text.basic {
            Some([user, password]) => Some([Template::read(&user)?, Template::read(&password)?]),
            None => None,
        };
        let body = Body::read(text.json, text.form)?;
        let mut status = text.status;
        if status.is_empty() {
            status = (200..300).chain(also_done.iter().copied()).collect();
        }
        if status.iter().any(|code| !(200..300).contains(code) && !(400..500).contains(code)) {
            return Err("`status` may name codes of 200 to 299 and 400 to 499".to_owned());
        }
        let rule = Self { method, url, place, headers, basic, body, status };
        match rule.members().into_iter().find(|(source, _)| !sources.contains(source)) {
            Some((Source::New, name)) => {
                Err(format!("`{{new.{name}}}` has a meaning for `revoke` alone"))
            }
            Some((_, name)) => Err(format!(
                "`{{superuser.{name}}}` needs `superuser = true`, and a `masterarn` in the secret"
            )),
            None => Ok(rule),
        }
    }

    /// The members that it has places for.
    pub(super) fn members(&self) -> Vec<(Source, &str)> {
        let mut members: Vec<_> = self.url.members().collect();
        members.extend(self.headers.iter().flat_map(|(_, value)| value.members()));
        members.extend(self.basic.iter().flatten().flat_map(Template::members));
        members.extend(self.body.members());
        members
    }

    /// Sends the request, and gives the answer if it has one of the codes that count as done.
    ///
    /// # Errors
    /// Why not; neither with a value nor with anything of the answer but its code.
    pub(super) async fn send(
        &self,
        network: &Network,
        values: &Values<'_>,
    ) -> Result<Answer, Failure> {
        let request = self.request(values).map_err(Failure::Before)?;
        let Place { host, port, is_plain } = &self.place;
        let connected = async {
            let fits = |address: IpAddr| !is_plain || address.is_loopback();
            let stream = network.connect_to(host, *port, fits).await?;
            match is_plain {
                true => Ok(Stream::Plain(stream)),
                false => network.secure(stream, host).await.map(|it| Stream::Tls(Box::new(it))),
            }
        };
        // Until here nothing was sent, however long it took.
        let stream = network.within_connection(host, connected).await.map_err(Failure::Before)?;
        let asked = async {
            match stream {
                Stream::Plain(stream) => exchange(stream, request, ANSWER_BYTES_MAX).await,
                Stream::Tls(stream) => exchange(stream, request, ANSWER_BYTES_MAX).await,
            }
        };
        let limit = network.limits().request;
        match tokio::time::timeout(limit, asked).await {
            Ok(Ok(answer)) => match self.failure(answer.status()) {
                Some(failure) => Err(failure),
                None => Ok(Answer::new(answer.into_body())),
            },
            Ok(Err(none)) => Err(self.lost(&none)),
            Err(_) => {
                let why = format!("`{host}` has not answered within {limit:?}");
                Err(Failure::After(RotationError::TimedOut(why)))
            }
        }
    }

    /// What it means that there is no whole answer.
    fn lost(&self, none: &NoAnswer) -> Failure {
        let why = format!("`{}`: {none}", self.place.host);
        let judged = none.status.map(|status| self.failure(status));
        match judged {
            Some(Some(failure)) => failure,
            // It would be as long the next time.
            Some(None) if none.is_too_long => Failure::Done(RotationError::Failed(why)),
            _ => Failure::After(RotationError::Unreachable(why)),
        }
    }

    /// What an answer with this status means, where it is none that counts as done.
    fn failure(&self, status: StatusCode) -> Option<Failure> {
        if self.status.contains(&status.as_u16()) {
            return None;
        }
        let host = &self.place.host;
        let answered = format!("`{host}` has answered {}", status.as_u16());
        Some(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                Failure::Before(RotationError::Refused(answered))
            }
            _ if status.is_redirection() => Failure::Before(RotationError::Failed(format!(
                "{answered}, a redirection, which is not followed"
            ))),
            _ if status.is_client_error() => Failure::Before(RotationError::Failed(answered)),
            _ if status.is_success() => Failure::Done(RotationError::Failed(format!(
                "{answered}, which the rule's `status` does not have"
            ))),
            _ => Failure::After(RotationError::Failed(answered)),
        })
    }

    fn request(&self, values: &Values<'_>) -> Result<Request<Full<Bytes>>, RotationError> {
        let unusable = |what: &str| RotationError::Unusable(format!("{what} cannot be sent"));
        let url = self.url.fill(values, segment)?;
        let uri: Uri = url.expose().parse().map_err(|_| unusable("the URL with its members"))?;
        // What is filled in begins behind the host, so that this always holds.
        if Place::of(&uri).as_ref() != Some(&self.place) {
            return Err(unusable("the URL with its members"));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(path)
            .header(header::HOST, authority)
            .header(header::USER_AGENT, "coffer")
            .header(header::ACCEPT, "application/json");
        let (content_type, body) = self.body.fill(values)?;
        let has_type = self.headers.iter().any(|(name, _)| name == header::CONTENT_TYPE);
        if let Some(content_type) = content_type.filter(|_| !has_type) {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        for (name, template) in &self.headers {
            let value = template.fill(values, |word| Ok(word.to_owned()))?;
            let value = HeaderValue::from_str(value.expose());
            let mut value = value.map_err(|_| unusable(&format!("the header `{name}`")))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        if let Some([user, password]) = &self.basic {
            let plain = |word: &str| Ok(word.to_owned());
            let (user, password) = (user.fill(values, plain)?, password.fill(values, plain)?);
            let pair = Zeroizing::new(format!("{}:{}", user.expose(), password.expose()));
            let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
            let value = HeaderValue::from_str(&value).map_err(|_| unusable("`basic`"))?;
            request = request.header(header::AUTHORIZATION, value);
        }
        request.body(Full::new(body)).map_err(|_| unusable("the request"))
    }
}

/// The host is the operator's to say: nothing of a secret may be a part of it.
fn place_of(url: &Template, allows_plain: bool) -> Result<Place, String> {
    let (text, has_places) = url.beginning();
    let no_url = || "`url` is no URL of https without a user".to_owned();
    let no_port = || "`url` has a port that is none of 1 to 65535".to_owned();
    let (scheme, rest) = text.split_once("://").ok_or_else(no_url)?;
    let end = rest.find(['/', '?']);
    if has_places && end.is_none() {
        return Err("`url` has a place before its path; the host is not for secrets to say".into());
    }
    let authority = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    let uri: Uri = format!("{scheme}://{authority}/").parse().map_err(|_| no_url())?;
    let place = Place::of(&uri);
    let place = place.ok_or_else(|| if has_no_port(&uri) { no_port() } else { no_url() })?;
    match place.is_plain && !(allows_plain && place.is_loopback()) {
        true => Err("`url` is without TLS; that goes to this very machine alone, where \
                     --rotation-allow-loopback lets it"
            .to_owned()),
        false => Ok(place),
    }
}

fn header_of(name: &str, value: &str) -> Result<(HeaderName, Template), String> {
    let header: HeaderName = name.parse().map_err(|_| {
        let name = name.escape_debug();
        format!("`{name}` is no header")
    })?;
    if FRAMING.contains(&header.as_str()) {
        return Err(format!("the header `{name}` is not for a rule to say"));
    }
    let value = Template::read(value).map_err(|why| format!("the header `{name}`: {why}"))?;
    // What ends a line would begin another header; a value that cannot be sent is found now.
    if value.texts().any(|text| HeaderValue::from_str(text).is_err()) {
        return Err(format!("the header `{name}` has a character that no header may have"));
    }
    Ok((header, value))
}

/// A member as a part of a URL's path or query, which it cannot leave.
fn segment(word: &str) -> Result<String, &'static str> {
    if matches!(word, "" | "." | "..") {
        return Err("is empty or dots, which would lead to another URL");
    }
    Ok(percent_encoded(word))
}

/// Headers that say where a message goes and where it ends.
const FRAMING: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Answers with a key are short.
const ANSWER_BYTES_MAX: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use coffer_model::Sensitive;
    use http::Request;
    use http_body_util::{BodyExt as _, Full};

    use super::{RequestRule, RequestText, Source, Values};
    use crate::login::Members;

    fn request(rule: &str, key: &str) -> Result<Request<Full<bytes::Bytes>>, String> {
        request_for("v1", rule, key)
    }

    fn request_for(
        version_id: &str,
        rule: &str,
        key: &str,
    ) -> Result<Request<Full<bytes::Bytes>>, String> {
        let text: RequestText = toml::from_str(rule).unwrap();
        let rule = RequestRule::read(text, &[Source::Key], &[], false)?;
        let key = Sensitive::new(key.to_owned());
        let key = Members::of(&key).unwrap();
        let values = Values { key, new: None, superuser: None, version_id };
        rule.request(&values).map_err(|error| error.to_string())
    }

    async fn body(request: Request<Full<bytes::Bytes>>) -> String {
        let bytes = request.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    const KEY: &str = r#"{"id":"a/../b?c=d#e %\"&","token":"t\"},{","n":7}"#;

    #[tokio::test]
    async fn members_cannot_leave_their_places() {
        let rule = r#"
            method = "PUT"
            url = "https://h.example:81/k/{key.id}?a={key.id}&b={key.n}"
            headers = { X-Token = "T {key.token}" }
            json = { "a" = "<{key.token}>", "b" = ["{key.n}", 1, true], "c" = { "d" = "{{}}" } }
        "#;
        let request = request(rule, KEY).unwrap();
        let id = "a%2f..%2fb%3fc%3dd%23e%20%25%22%26";
        assert_eq!(request.uri().to_string(), format!("/k/{id}?a={id}&b=7"));
        assert_eq!(request.headers()["host"], "h.example:81");
        assert_eq!(request.headers()["x-token"], "T t\"},{");
        assert!(request.headers()["x-token"].is_sensitive());
        assert_eq!(request.headers()["content-type"], "application/json");
        let expected = r#"{"a":"<t\"},{>","b":["7",1,true],"c":{"d":"{}"}}"#;
        assert_eq!(body(request).await, expected);
    }

    #[tokio::test]
    async fn a_form_is_written_as_browsers_would() {
        let rule = r#"
            method = "POST"
            url = "https://h.example/k"
            basic = ["u", "{key.token}"]
            form = { "a b" = "x={key.id}", c = "{version}" }
        "#;
        let request = request(rule, KEY).unwrap();
        assert_eq!(request.headers()["authorization"], "Basic dTp0In0sew==");
        let expected = "a%20b=x%3da%2f..%2fb%3fc%3dd%23e%20%25%22%26&c=v1";
        assert_eq!(body(request).await, expected);
    }

    #[tokio::test]
    async fn the_id_of_a_version_cannot_leave_its_place() {
        let rule = r#"
            method = "POST"
            url = "https://h.example/keys/{version}?name=coffer-{version}"
            headers = { Idempotency-Key = "{version}" }
            json = { "name" = "{version}" }
        "#;
        // A ClientRequestToken may be of any characters.
        let id = "../admin?x=\"&role=all#, Bearer %2f";
        let request = request_for(id, rule, KEY).unwrap();
        let escaped = "..%2fadmin%3fx%3d%22%26role%3dall%23%2c%20Bearer%20%252f";
        let expected = format!("/keys/{escaped}?name=coffer-{escaped}");
        assert_eq!(request.uri().to_string(), expected);
        assert_eq!(request.headers()["idempotency-key"], id);
        assert_eq!(body(request).await, r#"{"name":"../admin?x=\"&role=all#, Bearer %2f"}"#);
        for id in ["..", "a\r\nx: y"] {
            let why = request_for(id, rule, KEY).unwrap_err();
            assert!(!why.contains(id), "{why}");
        }
    }

    #[test]
    fn members_that_would_lead_elsewhere_are_not_sent() {
        let url = r#"
            method = "DELETE"
            url = "https://h.example/keys/{key.id}"
        "#;
        let header = r#"
            method = "GET"
            url = "https://h.example/keys"
            headers = { Authorization = "Bearer {key.id}" }
        "#;
        for (rule, id) in [(url, ""), (url, "."), (url, ".."), (header, "canary\\r\\nx: y")] {
            let why = request(rule, &format!(r#"{{"id":"{id}"}}"#)).unwrap_err();
            assert!(!why.contains("canary"), "{why}");
        }
    }
}
