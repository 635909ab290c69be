//! A problem as a page, for the one place where people's browsers come to the API itself: the way to a company's provider
//! and back. The page has no script, so that it shows whatever else is broken.

use axum::Router;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use url::Url;

use super::problem::ProblemBody;
use crate::state::AppState;

/// Below this path whoever asks is a browser that shows what it gets.
const PAGES: &str = "/openid/";
const STYLE: &str = "/openid/problem.css";

/// The web client's own style sheets, so that the page looks like its others.
const CSS: &str = concat!(
    include_str!("../../../web/src/ui/tokens.css"),
    include_str!("../../../web/src/ui/base.css"),
    include_str!("../../../web/src/ui/controls.css"),
    include_str!("../../../web/src/ui/messages.css"),
    include_str!("../../../web/src/ui/pages.css"),
);

/// The media type of a page.
pub const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// The page's style sheet.
pub fn style() -> Router<AppState> {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")];
    Router::new().route(STYLE, get(move || async move { (headers, CSS) }))
}

/// Whether what fails at `route` is to be a page.
pub fn wanted(route: &str) -> bool {
    route.starts_with(PAGES)
}

/// What happened, what to do, and the request by which we find it in our logs.
pub fn render(problem: &ProblemBody, public: &Url) -> String {
    let [code, sentence, id] =
        [&problem.code, &problem.detail, &problem.request_id.to_string()].map(|text| escape(text));
    let sign_in = escape(public.join("/signin").as_ref().map_or("/signin", Url::as_str));
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>You are not signed in · Curfew</title>
<link rel="stylesheet" href="{STYLE}">
<link rel="icon" href="data:,">
</head>
<body>
<main class="card-page">
<div class="card stack" data-code="{code}">
<span class="brand"><svg class="brand-moon" viewBox="0 0 32 32" aria-hidden="true"><rect class="brand-night" width="32" height="32" rx="8"/><path class="brand-light" d="M21.5 20.3A8.6 8.6 0 0 1 12.1 8.1a8.6 8.6 0 1 0 9.4 12.2Z"/><circle class="brand-light" cx="21.5" cy="10.5" r="1.7"/></svg>Curfew</span>
<h1 class="page-heading">You are not signed in</h1>
<div class="failure" role="alert">
<p>{sentence}</p>
<p class="failure-id">Request id: <code>{id}</code></p>
</div>
<p><a class="button primary" href="{sign_in}">Back to sign-in</a></p>
</div>
</main>
</body>
</html>
"#
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_came_from_elsewhere_is_markup() {
        assert_eq!(escape(r#"<b title="x">'&'</b>"#), "&lt;b title=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;");
    }
}
