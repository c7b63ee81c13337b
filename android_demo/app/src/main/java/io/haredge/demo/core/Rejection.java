package io.haredge.demo.core;

import org.json.JSONObject;

/** Thresholds, and the statistics of windows in the training data. */
public final class Rejection {
    /** Probability of the filter's likeliest activity below which the answer is unsure. */
    final double confidence;
    /** The same for a window's own likeliest activity, without the filter. */
    final double rawConfidence;
    /** Standard deviations above which a window is unlike the training data. */
    final double distance;
    /**
     * Means of the window statistics, a row for each group of training windows: an activity or, in the frame
     * upright, an activity at a place.
     */
    final double[][] means;
    /** Lower triangle, row by row, of the matrix that makes a group's statistics uncorrelated, variance 1. */
    final double[][] whitening;

    Rejection(JSONObject table) {
        confidence = Json.number(table, "confidence");
        rawConfidence = Json.number(table, "raw_confidence");
        distance = Json.number(table, "distance");
        means = Json.rows(table, "means");
        whitening = Json.rows(table, "whitening");
    }

    /** The same thresholds with other groups of windows. */
    Rejection(Rejection thresholds, double[][] means, double[][] whitening) {
        confidence = thresholds.confidence;
        rawConfidence = thresholds.rawConfidence;
        distance = thresholds.distance;
        this.means = means;
        this.whitening = whitening;
    }

    boolean fits(int classes, boolean upright) {
        int size = upright ? Rejector.UPRIGHT_STATISTICS : Rejector.STATISTICS;
        boolean fits = (upright ? means.length > 0 : means.length == classes)
                && whitening.length == means.length && distance > 0
                && confidence >= 0 && confidence < 1 && rawConfidence >= 0 && rawConfidence < 1;
        for (double[] row : means) {
            fits &= row.length == size;
        }
        for (double[] row : whitening) {
            fits &= row.length == size * (size + 1) / 2;
        }
        return fits;
    }
}
