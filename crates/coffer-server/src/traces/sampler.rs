//! Which traces are made, by the names that OpenTelemetry has for the ways to choose.

use super::context::TraceContext;

/// A way to choose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sampler {
    /// Whether a choice of the caller goes before.
    is_parent_based: bool,
    /// How many of all traces, from 0 to 1.
    ratio: f64,
}

impl Sampler {
    /// Reads `OTEL_TRACES_SAMPLER` and its argument.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn read(name: Option<&str>, argument: Option<&str>) -> Result<Self, String> {
        let name = name.unwrap_or("parentbased_always_on");
        let (is_parent_based, way) = match name.strip_prefix("parentbased_") {
            Some(way) => (true, way),
            None => (false, name),
        };
        let ratio = match (way, argument) {
            ("always_on", None) => 1.0,
            ("always_off", None) => 0.0,
            ("traceidratio", argument) => ratio(argument.unwrap_or("1"))?,
            ("always_on" | "always_off", Some(_)) => {
                return Err("--otlp-sampler-arg is for traceidratio: choose that, or \
                            parentbased_traceidratio, by --otlp-sampler"
                    .to_owned());
            }
            _ => {
                return Err(format!(
                    "--otlp-sampler `{name}`: give always_on, always_off, traceidratio, or one of \
                     these after parentbased_"
                ));
            }
        };
        Ok(Self { is_parent_based, ratio })
    }

    /// Whether a trace of this id is made, whose caller may have chosen already.
    pub(crate) fn chooses(self, trace_id: u128, caller: Option<TraceContext>) -> bool {
        let said = caller.and_then(|caller| caller.is_sampled).filter(|_| self.is_parent_based);
        said.unwrap_or_else(|| {
            // Of the id's lower half, which chance makes also where AWS makes the id.
            let drawn = u64::try_from(trace_id & u128::from(u64::MAX)).unwrap_or(u64::MAX);
            self.ratio >= 1.0 || (drawn as f64) < self.ratio * (u64::MAX as f64)
        })
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse::<f64>().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| format!("--otlp-sampler-arg `{text}`: give a number from 0 to 1"))
}

#[cfg(test)]
mod tests {
    use super::super::context::TraceContext;
    use super::Sampler;

    fn chooses(name: &str, argument: &str, trace_id: u128, said: Option<bool>) -> bool {
        let caller = TraceContext { trace_id, span_id: 1, is_sampled: said };
        let argument = Some(argument).filter(|argument| !argument.is_empty());
        let sampler = Sampler::read(Some(name), argument).unwrap();
        sampler.chooses(trace_id, said.map(|_| caller))
    }

    #[test]
    fn callers_choose_where_they_may_and_else_the_ratio_does() {
        assert!(chooses("always_on", "", 1, Some(false)));
        assert!(!chooses("parentbased_always_on", "", 1, Some(false)));
        assert!(chooses("parentbased_always_off", "", 1, Some(true)));
        assert!(!chooses("parentbased_always_off", "", 1, None));
        let (low, high) = (1, u128::from(u64::MAX));
        assert!(chooses("traceidratio", "0.5", low, None));
        assert!(!chooses("traceidratio", "0.5", high, None));
        assert!(
            chooses("traceidratio", "1", high, None) && !chooses("traceidratio", "0", low, None)
        );
    }

    #[test]
    fn other_ways_are_refused() {
        for (name, argument) in
            [("xray", "1"), ("traceidratio", "2"), ("traceidratio", "NaN"), ("", "")]
        {
            assert!(Sampler::read(Some(name), Some(argument)).is_err(), "{name} {argument}");
        }
    }
}
