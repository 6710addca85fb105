//! Medians, and how far the figures are spread.

/// The middle of some figures, and their spread.
#[derive(Clone, Copy, Debug)]
pub struct Middle {
    pub median: f64,
    /// From the first quartile to the third.
    pub spread: f64,
}

/// Not a number where there are no figures.
pub fn middle(figures: &[f64]) -> Middle {
    Middle {
        median: quantile(figures, 0.5),
        spread: quantile(figures, 0.75) - quantile(figures, 0.25),
    }
}

/// Between two figures where it falls between them.
pub fn quantile(figures: &[f64], part: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = part * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is an index")]
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}
