//! The rules about schemas: each in a form for what is sent and one for what is received.
//!
//! What a service takes may grow and what it answers may shrink without harm to its clients; so
//! most rules have opposite levels in the two directions.

use super::{Action, Area, Directed, Direction, Level, Mirror, Rule};

macro_rules! directed {
    ($($name:ident $id:literal $area:ident $action:ident $mirror:tt $message:literal
       request $request:ident $request_why:literal
       response $response:ident $response_why:literal)*) => {
        $(pub(crate) static $name: Directed = Directed {
            request: Rule {
                id: concat!("request-", $id),
                direction: Some(Direction::Request),
                area: Area::$area,
                action: Action::$action,
                level: Level::$request,
                message: $message,
                why: $request_why,
                mirror: directed!(@mirror "request-" $mirror),
            },
            response: Rule {
                id: concat!("response-", $id),
                direction: Some(Direction::Response),
                area: Area::$area,
                action: Action::$action,
                level: Level::$response,
                message: $message,
                why: $response_why,
                mirror: directed!(@mirror "response-" $mirror),
            },
        };)*
        pub(super) static SCHEMA_RULES: &[&Directed] = &[$(&$name),*];
    };
    (@mirror $direction:literal [$id:literal]) => { Mirror::Rule(concat!($direction, $id)) };
    (@mirror $direction:literal ($why:literal)) => { Mirror::Itself($why) };
}

directed! {
    PROPERTY_REMOVED "property-removed" Property Removed ["property-added"]
        "the property {property} was removed"
        request Breaking "what is sent in it no longer counts"
        response Breaking "clients that read it find nothing"
    PROPERTY_ADDED "property-added" Property Added ["property-removed"]
        "the optional property {property} was added"
        request Compatible "it may be left out"
        response Compatible "clients pass over properties that they do not know"
    REQUIRED_PROPERTY_REMOVED "required-property-removed" Property Removed ["required-property-added"]
        "the required property {property} was removed"
        request Breaking "what every caller sends in it no longer counts"
        response Breaking "clients count on it"
    REQUIRED_PROPERTY_ADDED "required-property-added" Property Added ["required-property-removed"]
        "the required property {property} was added"
        request Breaking "requests without it are refused"
        response Compatible "clients pass over properties that they do not know"
    PROPERTY_BECAME_REQUIRED "property-became-required" Property Narrowed ["property-became-optional"]
        "the property {property} became required"
        request Breaking "requests without it are refused"
        response Compatible "clients that did without it go on doing so"
    PROPERTY_BECAME_OPTIONAL "property-became-optional" Property Widened ["property-became-required"]
        "the property {property} became optional"
        request Compatible "who sends it may go on"
        response Breaking "clients count on it"
    ADDITIONAL_NARROWED "additional-properties-refused" Property Narrowed ["additional-properties-allowed"]
        "further properties are no longer allowed"
        request Breaking "requests with further properties are refused"
        response Compatible "answers hold nothing that clients have not met"
    ADDITIONAL_WIDENED "additional-properties-allowed" Property Widened ["additional-properties-refused"]
        "further properties are allowed"
        request Compatible "nobody has to send any"
        response Compatible "clients pass over properties that they do not know"

    TYPE_CHANGED "type-changed" Type Changed ("changed back, it has changed, too")
        "the type changed from {from} to {to}"
        request Breaking "values of the old type are refused"
        response Breaking "clients cannot read values of the new type"
    TYPE_WIDENED "type-widened" Type Widened ["type-narrowed"]
        "more types are allowed: {from} became {to}"
        request Compatible "the types known before go on working"
        response Breaking "clients cannot read values of the new types"
    TYPE_NARROWED "type-narrowed" Type Narrowed ["type-widened"]
        "fewer types are allowed: {from} became {to}"
        request Breaking "values of the other types are refused"
        response Compatible "clients can read what still comes"
    FORMAT_CHANGED "format-changed" Type Changed ("changed back, it has changed, too")
        "the format changed from {from} to {to}"
        request Breaking "values in the old format are refused"
        response Breaking "clients cannot read values in the new format"
    FORMAT_WIDENED "format-widened" Type Widened ["format-narrowed"]
        "the format became wider: {from} became {to}"
        request Compatible "values in the old format go on working"
        response Breaking "values may come that the old format does not hold"
    FORMAT_NARROWED "format-narrowed" Type Narrowed ["format-widened"]
        "the format became narrower: {from} became {to}"
        request Breaking "values that the new format does not hold are refused"
        response Compatible "clients can read what still comes"
    BECAME_NULLABLE "became-nullable" Type Widened ["became-not-nullable"]
        "null is allowed"
        request Compatible "nobody has to send it"
        response Breaking "clients that count on a value get none"
    BECAME_NOT_NULLABLE "became-not-nullable" Type Narrowed ["became-nullable"]
        "null is no longer allowed"
        request Breaking "requests with null are refused"
        response Compatible "clients that look for null never meet it"

    ENUM_VALUE_REMOVED "enum-value-removed" Enum Removed ["enum-value-added"]
        "the value {value} was removed from the enum"
        request Breaking "requests with the value are refused"
        response Compatible "clients never meet it"
    ENUM_VALUE_ADDED "enum-value-added" Enum Added ["enum-value-removed"]
        "the value {value} was added to the enum"
        request Compatible "nobody has to send it"
        response Breaking "clients of a closed enum do not expect it"
    OPEN_ENUM_VALUE_REMOVED "open-enum-value-removed" Enum Removed ["open-enum-value-added"]
        "the value {value} was removed from the open enum"
        request Warning "an open enum takes values that it does not list; whether it still takes this one is not said"
        response Compatible "clients never meet it"
    OPEN_ENUM_VALUE_ADDED "open-enum-value-added" Enum Added ["open-enum-value-removed"]
        "the value {value} was added to the open enum"
        request Compatible "nobody has to send it"
        response Compatible "clients of an open enum expect values that it does not list"
    ENUM_OPENED "enum-opened" Enum Widened ["enum-closed"]
        "the enum was opened for values that it does not list"
        request Compatible "the values known before go on working"
        response Breaking "clients of a closed enum do not expect other values"
    ENUM_CLOSED "enum-closed" Enum Narrowed ["enum-opened"]
        "the enum was closed: only the listed values are left"
        request Breaking "requests with other values are refused"
        response Compatible "clients never meet other values"
    ENUM_ADDED "enum-added" Enum Narrowed ["enum-removed"]
        "only these values are left: {values}"
        request Breaking "requests with other values are refused"
        response Compatible "clients can read what still comes"
    ENUM_REMOVED "enum-removed" Enum Widened ["enum-added"]
        "values other than these are allowed: {values}"
        request Compatible "the values known before go on working"
        response Breaking "clients of a closed enum do not expect other values"
    OPEN_ENUM_ADDED "open-enum-added" Enum Narrowed ["open-enum-removed"]
        "known values are listed: {values}"
        request Compatible "other values are still taken"
        response Compatible "it was any value before"
    OPEN_ENUM_REMOVED "open-enum-removed" Enum Widened ["open-enum-added"]
        "known values are no longer listed: {values}"
        request Compatible "any value is taken"
        response Compatible "other values had to be expected before"

    UNION_BRANCH_REMOVED "union-branch-removed" Union Removed ["union-branch-added"]
        "the kind {kind} was removed from the union"
        request Breaking "requests with this kind are refused"
        response Compatible "clients never meet it"
    UNION_BRANCH_ADDED "union-branch-added" Union Added ["union-branch-removed"]
        "the kind {kind} was added to the union"
        request Compatible "nobody has to send it"
        response Breaking "clients of a closed union do not expect it"
    OPEN_UNION_BRANCH_REMOVED "open-union-branch-removed" Union Removed ["open-union-branch-added"]
        "the kind {kind} was removed from the open union"
        request Warning "an open union takes kinds that it does not list; whether it still takes this one is not said"
        response Compatible "clients never meet it"
    OPEN_UNION_BRANCH_ADDED "open-union-branch-added" Union Added ["open-union-branch-removed"]
        "the kind {kind} was added to the open union"
        request Compatible "nobody has to send it"
        response Compatible "clients of an open union expect kinds that it does not list"
    UNION_OPENED "union-opened" Union Widened ["union-closed"]
        "the union was opened for kinds that it does not list"
        request Compatible "the kinds known before go on working"
        response Breaking "clients of a closed union do not expect other kinds"
    UNION_CLOSED "union-closed" Union Narrowed ["union-opened"]
        "the union was closed: only the listed kinds are left"
        request Breaking "requests with other kinds are refused"
        response Compatible "clients never meet other kinds"
    DISCRIMINATOR_REMOVED "discriminator-removed" Union Removed ["discriminator-added"]
        "no property tells the kinds apart; {property} did"
        request Compatible "what says the kind there is still taken"
        response Breaking "clients look there for the kind"
    DISCRIMINATOR_ADDED "discriminator-added" Union Added ["discriminator-removed"]
        "the property {property} tells the kinds apart"
        request Breaking "requests that do not say the kind there are refused"
        response Compatible "clients that told the kinds otherwise go on doing so"
    DISCRIMINATOR_CHANGED "discriminator-changed" Union Changed ("changed back, it has changed, too")
        "the property that tells the kinds apart changed from {from} to {to}"
        request Breaking "requests say the kind where it is not looked for"
        response Breaking "clients look for the kind where it no longer stands"

    LIMIT_TIGHTENED "limit-tightened" Limit Narrowed ["limit-loosened"]
        "{limit} was tightened from {from} to {to}"
        request Breaking "values that were allowed are refused"
        response Compatible "clients can read what still comes"
    LIMIT_LOOSENED "limit-loosened" Limit Widened ["limit-tightened"]
        "{limit} was loosened from {from} to {to}"
        request Compatible "the values known before go on working"
        response Warning "whether clients count on the limit is not said"
    PATTERN_ADDED "pattern-added" Limit Added ["pattern-removed"]
        "values must match {pattern}"
        request Breaking "values that do not match are refused"
        response Compatible "clients can read what still comes"
    PATTERN_REMOVED "pattern-removed" Limit Removed ["pattern-added"]
        "values need no longer match {pattern}"
        request Compatible "values that match go on working"
        response Warning "whether clients count on the pattern is not said"
    PATTERN_CHANGED "pattern-changed" Limit Changed ("which of two patterns takes more is not decided")
        "the pattern changed from {from} to {to}"
        request Warning "whether all values of the old pattern match the new one is not decided"
        response Warning "whether all values of the new pattern match the old one is not decided"
    CONSTRAINT_ADDED "constraint-added" Limit Added ["constraint-removed"]
        "validation by {constraint} was added"
        request Breaking "values that do not pass it are refused"
        response Compatible "clients can read what still comes"
    CONSTRAINT_REMOVED "constraint-removed" Limit Removed ["constraint-added"]
        "validation by {constraint} was removed"
        request Compatible "values that pass it go on working"
        response Warning "whether clients count on it is not said"
    CONSTRAINT_CHANGED "constraint-changed" Limit Changed ("which of the two takes more is not decided")
        "the validation by {constraint} changed"
        request Warning "whether it takes all that it took is not decided"
        response Warning "whether it allows more than it did is not decided"

    DEFAULT_ADDED "default-added" Default Added ["default-removed"]
        "the default {value} was added"
        request Warning "whether leaving it out meant the same before is not said"
        response Compatible "answers say what they mean"
    DEFAULT_REMOVED "default-removed" Default Removed ["default-added"]
        "the default {value} was removed"
        request Warning "what leaving it out means now is not said"
        response Compatible "answers say what they mean"
    DEFAULT_CHANGED "default-changed" Default Changed ("changed back, it has changed, too")
        "the default changed from {from} to {to}"
        request Warning "leaving it out means something else; whether that does harm is not said"
        response Compatible "answers say what they mean"
    DEPRECATED "deprecated" Deprecation Added ["no-longer-deprecated"]
        "it is deprecated"
        request Compatible "it still works; it is announced to go"
        response Compatible "it still comes; it is announced to go"
    UNDEPRECATED "no-longer-deprecated" Deprecation Removed ["deprecated"]
        "it is no longer deprecated"
        request Compatible "nobody has to leave it"
        response Compatible "nobody has to leave it"
}
