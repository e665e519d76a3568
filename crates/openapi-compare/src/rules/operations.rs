//! The rules about operations: paths, parameters, headers, bodies, statuses, security.

use super::{Action, Area, Direction, Level, Mirror, Rule};

const REQUEST: Option<Direction> = Some(Direction::Request);
const RESPONSE: Option<Direction> = Some(Direction::Response);

macro_rules! rules {
    ($($name:ident $id:literal $direction:ident $area:ident $action:ident $level:ident
       $mirror:ident $mirrored:literal $message:literal $why:literal)*) => {
        $(pub(crate) static $name: Rule = Rule {
            id: $id,
            direction: $direction,
            area: Area::$area,
            action: Action::$action,
            level: Level::$level,
            message: $message,
            why: $why,
            mirror: Mirror::$mirror($mirrored),
        };)*
        pub(super) static OPERATION_RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    OPERATION_REMOVED "operation-removed" None Operation Removed Breaking Rule "operation-added"
        "the operation was removed" "calls of it fail"
    OPERATION_ADDED "operation-added" None Operation Added Compatible Rule "operation-removed"
        "the operation was added" "nobody calls it yet"
    OPERATION_DEPRECATED "operation-deprecated" None Deprecation Added Compatible
        Rule "operation-no-longer-deprecated"
        "the operation is deprecated" "it still works; it is announced to go"
    OPERATION_UNDEPRECATED "operation-no-longer-deprecated" None Deprecation Removed Compatible
        Rule "operation-deprecated"
        "the operation is no longer deprecated" "nobody has to leave it"
    CALLBACKS_CHANGED "callbacks-changed" None Operation Changed Warning
        Itself "callbacks are compared as a whole, without telling which side has more"
        "the callback {name} changed" "what the service calls is not compared further"
    WEBHOOKS_CHANGED "webhooks-changed" None Operation Changed Warning
        Itself "webhooks are compared as a whole, without telling which side has more"
        "the webhook {name} changed" "what the service calls is not compared further"
    SERVER_REMOVED "server-removed" None Server Removed Warning Rule "server-added"
        "the server {url} is no longer listed" "whether it is switched off does not stand in the document"
    SERVER_ADDED "server-added" None Server Added Compatible Rule "server-removed"
        "the server {url} was added" "the servers known before go on serving"

    SERVER_VARIABLES_CHANGED "server-variables-changed" None Server Changed Warning
        Itself "other values are other values, seen from both sides"
        "what the variables of the server {url} may be changed"
        "whether the addresses known before go on serving is not said"

    SECURITY_ADDED "security-required" REQUEST Security Added Breaking Rule "security-not-required"
        "the operation now needs {security}" "calls without credentials are refused"
    SECURITY_REMOVED "security-not-required" REQUEST Security Removed Compatible Rule "security-required"
        "the operation no longer needs {security}" "credentials that are sent do no harm"
    SECURITY_ALTERNATIVE_REMOVED "security-alternative-removed" REQUEST Security Removed Breaking
        Rule "security-alternative-added"
        "{security} is no longer accepted" "callers that authenticate this way are refused"
    SECURITY_ALTERNATIVE_ADDED "security-alternative-added" REQUEST Security Added Compatible
        Rule "security-alternative-removed"
        "{security} is accepted, too" "the ways known before go on working"
    SECURITY_SCHEME_ADDED "security-scheme-added" REQUEST Security Added Breaking Rule "security-scheme-removed"
        "{security} no longer suffices: {scheme} is needed, too" "callers that show the one alone are refused"
    SECURITY_SCHEME_REMOVED "security-scheme-removed" REQUEST Security Removed Compatible
        Rule "security-scheme-added"
        "{security} suffices: {scheme} is no longer needed" "credentials that are sent do no harm"
    SECURITY_SCOPE_ADDED "security-scope-added" REQUEST Security Added Breaking Rule "security-scope-removed"
        "{security} now needs the scope {scope}" "tokens without the scope are refused"
    SECURITY_SCOPE_REMOVED "security-scope-removed" REQUEST Security Removed Compatible
        Rule "security-scope-added"
        "{security} no longer needs the scope {scope}" "a token with more scopes than needed does no harm"
    SECURITY_SCHEME_CHANGED "security-scheme-changed" REQUEST Security Changed Warning
        Itself "another address is another address, seen from both sides"
        "the definition of {security} changed" "whether tokens from the address known before still count is not said"

    PARAMETER_REMOVED "request-parameter-removed" REQUEST Parameter Removed Breaking
        Rule "request-parameter-added"
        "the {in} parameter {name} was removed" "whoever sends it no longer gets what it asks for"
    PARAMETER_ADDED "request-parameter-added" REQUEST Parameter Added Compatible
        Rule "request-parameter-removed"
        "the optional {in} parameter {name} was added" "it may be left out"
    REQUIRED_PARAMETER_REMOVED "request-required-parameter-removed" REQUEST Parameter Removed Breaking
        Rule "request-required-parameter-added"
        "the required {in} parameter {name} was removed" "every caller sends it, and it no longer counts"
    REQUIRED_PARAMETER_ADDED "request-required-parameter-added" REQUEST Parameter Added Breaking
        Rule "request-required-parameter-removed"
        "the required {in} parameter {name} was added" "requests without it are refused"
    PARAMETER_BECAME_REQUIRED "request-parameter-became-required" REQUEST Parameter Narrowed Breaking
        Rule "request-parameter-became-optional"
        "the {in} parameter {name} became required" "requests without it are refused"
    PARAMETER_BECAME_OPTIONAL "request-parameter-became-optional" REQUEST Parameter Widened Compatible
        Rule "request-parameter-became-required"
        "the {in} parameter {name} became optional" "who sends it may go on"
    PARAMETER_MOVED "request-parameter-moved" REQUEST Parameter Changed Breaking
        Itself "moved back, it has moved, too"
        "the parameter {name} moved from {from} to {to}" "where it was sent, it is not looked for"
    PARAMETER_STYLE_CHANGED "request-parameter-style-changed" REQUEST Parameter Changed Breaking
        Itself "another way of writing is another way from both sides"
        "the {in} parameter {name} is written another way: {from} became {to}"
        "values written the old way are read wrongly"
    PARAMETER_DEPRECATED "request-parameter-deprecated" REQUEST Deprecation Added Compatible
        Rule "request-parameter-no-longer-deprecated"
        "the {in} parameter {name} is deprecated" "it still works; it is announced to go"
    PARAMETER_UNDEPRECATED "request-parameter-no-longer-deprecated" REQUEST Deprecation Removed Compatible
        Rule "request-parameter-deprecated"
        "the {in} parameter {name} is no longer deprecated" "nobody has to leave it"

    HEADER_REMOVED "request-header-removed" REQUEST Header Removed Breaking Rule "request-header-added"
        "the header {name} was removed" "whoever sends it no longer gets what it asks for"
    HEADER_ADDED "request-header-added" REQUEST Header Added Compatible Rule "request-header-removed"
        "the optional header {name} was added" "it may be left out"
    REQUIRED_HEADER_REMOVED "request-required-header-removed" REQUEST Header Removed Breaking
        Rule "request-required-header-added"
        "the required header {name} was removed" "every caller sends it, and it no longer counts"
    REQUIRED_HEADER_ADDED "request-required-header-added" REQUEST Header Added Breaking
        Rule "request-required-header-removed"
        "the required header {name} was added" "requests without it are refused"
    HEADER_BECAME_REQUIRED "request-header-became-required" REQUEST Header Narrowed Breaking
        Rule "request-header-became-optional"
        "the header {name} became required" "requests without it are refused"
    HEADER_BECAME_OPTIONAL "request-header-became-optional" REQUEST Header Widened Compatible
        Rule "request-header-became-required"
        "the header {name} became optional" "who sends it may go on"

    BODY_REMOVED "request-body-removed" REQUEST Body Removed Breaking Rule "request-body-added"
        "the request's body was removed" "what is sent in it no longer counts"
    BODY_ADDED "request-body-added" REQUEST Body Added Compatible Rule "request-body-removed"
        "an optional body was added to the request" "it may be left out"
    REQUIRED_BODY_REMOVED "request-required-body-removed" REQUEST Body Removed Breaking
        Rule "request-required-body-added"
        "the request's required body was removed" "what every caller sends in it no longer counts"
    REQUIRED_BODY_ADDED "request-required-body-added" REQUEST Body Added Breaking
        Rule "request-required-body-removed"
        "a required body was added to the request" "requests without it are refused"
    BODY_BECAME_REQUIRED "request-body-became-required" REQUEST Body Narrowed Breaking
        Rule "request-body-became-optional"
        "the request's body became required" "requests without it are refused"
    BODY_BECAME_OPTIONAL "request-body-became-optional" REQUEST Body Widened Compatible
        Rule "request-body-became-required"
        "the request's body became optional" "who sends it may go on"
    ENCODING_CHANGED "request-encoding-changed" REQUEST Body Changed Warning
        Itself "another encoding is another from both sides"
        "the parts of {media-type} are encoded another way" "whether parts encoded the old way are still read is not said"
    REQUEST_MEDIA_TYPE_REMOVED "request-media-type-removed" REQUEST MediaType Removed Breaking
        Rule "request-media-type-added"
        "the request's body can no longer be {media-type}" "bodies of that type are refused"
    REQUEST_MEDIA_TYPE_ADDED "request-media-type-added" REQUEST MediaType Added Compatible
        Rule "request-media-type-removed"
        "the request's body can be {media-type}, too" "the types known before go on working"

    SUCCESS_STATUS_REMOVED "response-success-status-removed" RESPONSE Status Removed Breaking
        Rule "response-success-status-added"
        "success is no longer answered with {status}" "clients take that status, and maybe no other, for success"
    SUCCESS_STATUS_ADDED "response-success-status-added" RESPONSE Status Added Warning
        Rule "response-success-status-removed"
        "success may be answered with {status}" "whether old callers ever get that status is not said"
    ERROR_STATUS_REMOVED "response-status-removed" RESPONSE Status Removed Compatible
        Rule "response-status-added"
        "{status} is no longer among the answers" "clients meet fewer failures than they know"
    ERROR_STATUS_ADDED "response-status-added" RESPONSE Status Added Compatible
        Rule "response-status-removed"
        "{status} is among the answers" "every client has to expect failures that no document lists"
    LINKS_CHANGED "response-links-changed" RESPONSE Status Changed Warning
        Itself "links are compared as a whole, without telling which side has more"
        "the links of the answer {status} changed" "whether anybody follows them is not said"
    RESPONSE_MEDIA_TYPE_REMOVED "response-media-type-removed" RESPONSE MediaType Removed Breaking
        Rule "response-media-type-added"
        "the answer {status} no longer comes as {media-type}" "clients that read this type get none"
    RESPONSE_MEDIA_TYPE_ADDED "response-media-type-added" RESPONSE MediaType Added Compatible
        Rule "response-media-type-removed"
        "the answer {status} can be had as {media-type}" "clients get it only where they accept it"
    EVENT_REMOVED "response-event-removed" RESPONSE MediaType Removed Breaking Rule "response-event-added"
        "the stream no longer has the event {event}" "clients that wait for it wait in vain"
    EVENT_ADDED "response-event-added" RESPONSE MediaType Added Compatible Rule "response-event-removed"
        "the stream has the event {event}" "readers of streams pass over events that they do not know"

    RESPONSE_HEADER_REMOVED "response-header-removed" RESPONSE Header Removed Breaking
        Rule "response-header-added"
        "the answer {status} no longer has the header {name}" "clients that read it find nothing"
    RESPONSE_HEADER_ADDED "response-header-added" RESPONSE Header Added Compatible
        Rule "response-header-removed"
        "the answer {status} may have the header {name}" "clients pass over headers that they do not know"
    RESPONSE_REQUIRED_HEADER_REMOVED "response-required-header-removed" RESPONSE Header Removed Breaking
        Rule "response-required-header-added"
        "the answer {status} no longer has the header {name}, which it always had" "clients that count on it fail"
    RESPONSE_REQUIRED_HEADER_ADDED "response-required-header-added" RESPONSE Header Added Compatible
        Rule "response-required-header-removed"
        "the answer {status} always has the header {name}" "clients pass over headers that they do not know"
    RESPONSE_HEADER_BECAME_OPTIONAL "response-header-became-optional" RESPONSE Header Widened Breaking
        Rule "response-header-became-required"
        "the header {name} of the answer {status} became optional" "clients that count on it fail"
    RESPONSE_HEADER_BECAME_REQUIRED "response-header-became-required" RESPONSE Header Narrowed Compatible
        Rule "response-header-became-optional"
        "the answer {status} always has the header {name}" "clients that did without it go on doing so"

    BECAME_READ_ONLY "request-property-became-read-only" REQUEST Property Removed Breaking
        Rule "request-property-no-longer-read-only"
        "the property {property} became read-only" "what is sent in it no longer counts"
    NO_LONGER_READ_ONLY "request-property-no-longer-read-only" REQUEST Property Added Compatible
        Rule "request-property-became-read-only"
        "the property {property} is no longer read-only" "it may be left out"
    REQUIRED_BECAME_READ_ONLY "request-required-property-became-read-only" REQUEST Property Removed Breaking
        Rule "request-required-property-no-longer-read-only"
        "the required property {property} became read-only" "what every caller sends in it no longer counts"
    REQUIRED_NO_LONGER_READ_ONLY "request-required-property-no-longer-read-only" REQUEST Property Added Breaking
        Rule "request-required-property-became-read-only"
        "the required property {property} is no longer read-only" "requests without it are refused"
    BECAME_WRITE_ONLY "response-property-became-write-only" RESPONSE Property Removed Breaking
        Rule "response-property-no-longer-write-only"
        "the property {property} became write-only" "clients that read it find nothing"
    NO_LONGER_WRITE_ONLY "response-property-no-longer-write-only" RESPONSE Property Added Compatible
        Rule "response-property-became-write-only"
        "the property {property} is no longer write-only" "clients pass over properties that they do not know"
}
