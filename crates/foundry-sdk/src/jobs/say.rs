//! What the generated code says of jobs.
#![allow(dead_code, unused_macros, reason = "not every API has jobs")]

/// Says how the status of a job is got, and how it is canceled if it can be.
macro_rules! job {
    ($start:ident by $look:ident[$id:ident]($($scope:ident),*)) => {
        crate::jobs::job!(@start $start $look $id ($($scope),*));

        impl crate::jobs::JobLook for $look {
            type Cancel = Self;

            fn at(mut self, id: &str) -> Self {
                self.$id = id.to_owned();
                self
            }
        }
    };
    ($start:ident by $look:ident[$id:ident]($($scope:ident),*), $cancel:ident) => {
        crate::jobs::job!(@start $start $look $id ($($scope),*));

        impl crate::jobs::JobLook for $look {
            type Cancel = $cancel;

            fn at(mut self, id: &str) -> Self {
                self.$id = id.to_owned();
                self
            }

            fn cancel(&self) -> Option<$cancel> {
                Some($cancel { $($scope: self.$scope.clone(),)* $id: self.$id.clone() })
            }
        }

        impl crate::poller::Cancelable for <$look as crate::request::Operation>::Output {}
    };
    (@start $start:ident $look:ident $id:ident ($($scope:ident),*)) => {
        impl crate::jobs::LongRunning for $start {
            type Look = $look;

            fn look(&self) -> $look {
                $look { $($scope: self.$scope.clone(),)* $id: String::new() }
            }
        }

        impl crate::jobs::LongRunning for $look {
            type Look = Self;

            fn look(&self) -> Self {
                self.clone()
            }
        }
    };
}
pub(crate) use job;

/// Says where the status of a job has what: a struct, or a union whose kinds have the same fields. Without
/// a property for it, the result of a job is its status.
macro_rules! job_status {
    (types::$status:ident as $name:literal: $id:ident -> $result:ty, $property:ident $(, $by:ident)?) => {
        crate::jobs::job_status!(@impl types::$status as $name, $result, |status| status.$property.into(),
            @fields $id $(, $by)?);
    };
    (types::$status:ident as $name:literal: $id:ident -> self $(, $by:ident)?) => {
        crate::jobs::job_status!(@impl types::$status as $name, Self, Some, @fields $id $(, $by)?);
    };
    (types::$status:ident as $name:literal: $id:ident -> $result:ty, $property:ident of $($kind:ident)|+) => {
        crate::jobs::job_status!(@impl types::$status as $name, $result, |status| match status {
            $(types::$status::$kind(job) => job.$property.into(),)+
            types::$status::Unknown(job) => crate::jobs::read(&job, stringify!($property)),
            _ => None,
        }, @kinds $id of $($kind)|+);
    };
    (types::$status:ident as $name:literal: $id:ident -> self of $($kind:ident)|+) => {
        crate::jobs::job_status!(@impl types::$status as $name, Self, Some, @kinds $id of $($kind)|+);
    };
    (@impl types::$status:ident as $name:literal, $result:ty, $into:expr, $($rest:tt)+) => {
        impl crate::jobs::sealed::Sealed for types::$status {}

        impl crate::jobs::JobStatus for types::$status {
            type Result = $result;

            const NAME: &'static str = $name;

            fn into_job_result(self) -> Option<$result> {
                let into: fn(Self) -> Option<$result> = $into;
                into(self)
            }

            crate::jobs::job_status!($($rest)+);
        }
    };
    (@fields $id:ident $(, $by:ident)?) => {
        fn job_id(&self) -> &str {
            &self.$id
        }

        fn job_state(&self) -> &str {
            self.status.as_str()
        }

        fn job_error(&self) -> Option<serde_json::Value> {
            crate::jobs::json(&self.error)
        }

        $(fn superseded_by(&self) -> Option<&str> {
            self.$by.as_deref()
        })?
    };
    (@kinds $id:ident of $($kind:ident)|+) => {
        fn job_id(&self) -> &str {
            match self {
                $(Self::$kind(job) => &job.$id,)+
                Self::Unknown(job) => crate::jobs::text(job, stringify!($id)),
                _ => "",
            }
        }

        fn job_state(&self) -> &str {
            match self {
                $(Self::$kind(job) => job.status.as_str(),)+
                Self::Unknown(job) => crate::jobs::text(job, "status"),
                _ => "",
            }
        }

        fn job_error(&self) -> Option<serde_json::Value> {
            match self {
                $(Self::$kind(job) => crate::jobs::json(&job.error),)+
                Self::Unknown(job) => crate::jobs::read(job, "error"),
                _ => None,
            }
        }
    };
}
pub(crate) use job_status;

/// A property as it is on the wire; what is null there is nothing.
pub(crate) fn json(property: &impl serde::Serialize) -> Option<serde_json::Value> {
    serde_json::to_value(property).ok().filter(|value| !value.is_null())
}

/// A text of a job of a kind that this version does not know.
pub(crate) fn text<'a>(job: &'a serde_json::Value, property: &str) -> &'a str {
    job.get(property).and_then(serde_json::Value::as_str).unwrap_or_default()
}

/// A property of a job of a kind that this version does not know.
pub(crate) fn read<T: serde::de::DeserializeOwned>(job: &serde_json::Value, property: &str) -> Option<T> {
    let value = job.get(property).filter(|value| !value.is_null())?;
    T::deserialize(value).ok()
}
