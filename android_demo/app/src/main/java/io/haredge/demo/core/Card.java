package io.haredge.demo.core;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashSet;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;
import org.json.JSONTokener;

/** The model card: a model's input, output and scores, as {@code har_runtime/model/card.py} writes them. */
public final class Card {
    private static final String FORMAT = "haredge-card-1";

    public final String name;
    public final String version;
    private final String[] labels;
    /** Where the sensor was worn; null if missing. */
    public final String placement;
    /** Macro-F1 of the int8 file on people who were not in the training data, 0 to 1; NaN if missing. */
    public final double macroF1;
    /** The number of those people. */
    public final int unseenPeople;
    /** The training data set. */
    public final String data;
    /** Terms of that data set. */
    public final String licence;
    /** SHA-256 of the model file, lower-case hexadecimal; null in a card that was read from inside a model. */
    private final String sha256;
    /** How probabilities are smoothed; null if missing. */
    public final Smoothing smoothing;
    /** When an activity is unknown; null if missing. */
    public final Rejection rejection;

    /** The hidden Markov model that smooths the probabilities. */
    public static final class Smoothing {
        /** Probability of going from an activity (row) to another within one hop. */
        final double[][] transitions;
        /** Share of each activity in the training windows. */
        final double[] prior;
        /** Exponent of each window's probabilities; below 1, since windows share half their samples. */
        final double evidence;

        public Smoothing(double[][] transitions, double[] prior, double evidence) {
            this.transitions = transitions;
            this.prior = prior;
            this.evidence = evidence;
        }

        private Smoothing(JSONObject table) {
            this(rows(table, "transitions"), numbers(table.opt("prior"), "prior"), number(table, "evidence"));
        }

        private boolean fits(int classes) {
            boolean fits = transitions.length == classes && isDistribution(prior, classes);
            fits &= evidence > 0 && evidence <= 1;
            for (double[] row : transitions) {
                fits &= isDistribution(row, classes);
            }
            for (double share : prior) {
                fits &= share > 0;
            }
            return fits;
        }

        private static boolean isDistribution(double[] row, int classes) {
            double sum = 0;
            boolean fits = row.length == classes;
            for (double share : row) {
                fits &= share >= 0;
                sum += share;
            }
            return fits && Math.abs(sum - 1) < 1e-4;
        }
    }

    /** Thresholds, and the statistics of each activity's windows in the training data. */
    public static final class Rejection {
        /** Probability of the filter's likeliest activity below which the answer is unsure. */
        final double confidence;
        /** The same for a window's own likeliest activity, without the filter. */
        final double rawConfidence;
        /** Standard deviations above which a window is unlike the training data. */
        final double distance;
        /** Means of the window statistics, a row for each activity. */
        final double[][] means;
        /** Lower triangle, row by row, of the matrix that makes an activity's statistics uncorrelated, variance 1. */
        final double[][] whitening;

        private Rejection(JSONObject table) {
            confidence = number(table, "confidence");
            rawConfidence = number(table, "raw_confidence");
            distance = number(table, "distance");
            means = rows(table, "means");
            whitening = rows(table, "whitening");
        }

        private boolean fits(int classes) {
            int size = Rejector.STATISTICS;
            boolean fits = means.length == classes && whitening.length == classes && distance > 0
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

    private Card(JSONObject table) {
        name = entry(table, "name", String.class);
        version = entry(table, "version", String.class);
        labels = strings(table, "labels");
        placement = optional(table, "placement", String.class);
        JSONObject training = entry(table, "training", JSONObject.class);
        data = entry(training, "data", String.class);
        licence = entry(training, "licence", String.class);
        unseenPeople = entry(training, "never_seen", JSONArray.class).length();
        JSONObject int8 = optional(entry(table, "scores", JSONObject.class), "int8", JSONObject.class);
        macroF1 = int8 == null ? Double.NaN : number(int8, "macro_f1");
        sha256 = optional(table, "sha256", String.class);
        JSONObject smoothingTable = optional(table, "smoothing", JSONObject.class);
        smoothing = smoothingTable == null ? null : new Smoothing(smoothingTable);
        JSONObject rejectionTable = optional(table, "rejection", JSONObject.class);
        rejection = rejectionTable == null ? null : new Rejection(rejectionTable);
    }

    /**
     * Reads a card and makes sure that it fits the signal contract.
     *
     * @throws BadModelException no card, an incomplete one, or a model that wants other input than this app gives
     */
    public static Card parse(String text) throws BadModelException {
        JSONObject table = read(text);
        if (!FORMAT.equals(table.opt("format"))) {
            throw new BadModelException("no model card (format " + FORMAT + " is missing)");
        }
        try {
            Card card = new Card(table);
            card.checkContract(table);
            return card;
        } catch (IllegalArgumentException error) {
            throw damaged(error.getMessage(), error);
        }
    }

    private static JSONObject read(String text) throws BadModelException {
        JSONTokener tokener = new JSONTokener(text);
        try {
            Object value = tokener.nextValue();
            if (value instanceof JSONObject && tokener.nextClean() == 0) {
                return (JSONObject) value;
            }
            throw damaged("not one JSON object", null);
        } catch (JSONException | NumberFormatException error) { // The latter only from older versions of Android.
            // org.json quotes the whole text after the position.
            throw damaged(error.getMessage().replaceFirst("(?s)( at character \\d+).*", "$1"), error);
        } catch (StackOverflowError error) { // org.json reads recursively and does not limit the depth.
            throw damaged("nested too deeply", error);
        }
    }

    private static BadModelException damaged(String why, Throwable cause) {
        return new BadModelException("the model card is damaged or incomplete (" + why + ")", cause);
    }

    /** Activity of each output, in order. */
    public String[] labels() {
        return labels.clone();
    }

    public int classes() {
        return labels.length;
    }

    public String label(int index) {
        return labels[index];
    }

    /**
     * Makes sure that a model file is this card's, whole and unchanged.
     *
     * @throws BadModelException it is another file, or cut off
     */
    public void checkFile(byte[] content) throws BadModelException {
        if (sha256 != null && !sha256.equals(sha256Of(content))) {
            throw new BadModelException(
                    "the model file is not the one of its card " + name + ": cut off, changed or another version");
        }
    }

    private static String sha256Of(byte[] content) {
        try {
            StringBuilder digits = new StringBuilder();
            for (byte part : MessageDigest.getInstance("SHA-256").digest(content)) {
                digits.append(String.format("%02x", part));
            }
            return digits.toString();
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible); // Every Java and every Android has it.
        }
    }

    private void checkContract(JSONObject table) throws BadModelException {
        checkInput(table, "sample_rate_hz", Contract.SAMPLE_RATE_HZ);
        checkInput(table, "window", Contract.WINDOW);
        checkInput(table, "hop", Contract.HOP);
        checkInput(table, "channels", new JSONArray(Arrays.asList(Contract.channels())));
        checkInput(table, "units", new JSONArray(Arrays.asList(Contract.units())));
        if (!Contract.FRAME_OF_0_1.equals(table.opt("frame"))) {
            checkInput(table, "frame", Contract.FRAME);
        }
        if (!table.isNull("quantised_ends")) {
            throw new BadModelException("the model wants int8 input; this app feeds float32");
        }
        if (labels.length == 0 || new HashSet<>(Arrays.asList(labels)).size() < labels.length) {
            throw new BadModelException("the labels of the card are empty or repeat: " + Arrays.toString(labels));
        }
        if (smoothing != null && !smoothing.fits(labels.length)) {
            throw new BadModelException("the card's smoothing does not fit its " + labels.length + " labels");
        }
        if (rejection != null && !rejection.fits(labels.length)) {
            throw new BadModelException("the card's rejection does not fit its " + labels.length + " labels");
        }
    }

    private static void checkInput(JSONObject table, String name, Object fed) throws BadModelException {
        Object wanted = table.opt(name);
        if (!fed.equals(wanted)) {
            String message = "the model wants " + name + " " + wanted + ", this app feeds " + fed;
            throw new BadModelException(message.replace("\\/", "/")); // org.json escapes every slash.
        }
    }

    /** A value of exactly this type. The getters of org.json would make a string of a number, and the reverse. */
    private static <T> T typed(Object value, String name, Class<T> type) {
        if (!type.isInstance(value)) {
            throw new IllegalArgumentException(value == null ? "no " + name : name + " has the wrong type");
        }
        return type.cast(value);
    }

    private static <T> T entry(JSONObject table, String name, Class<T> type) {
        return typed(table.opt(name), name, type);
    }

    /** Null if the entry is missing or null. */
    private static <T> T optional(JSONObject table, String name, Class<T> type) {
        return table.isNull(name) ? null : entry(table, name, type);
    }

    private static double number(JSONObject table, String name) {
        return number(table.opt(name), name);
    }

    private static double number(Object value, String name) {
        double number = typed(value, name, Number.class).doubleValue();
        if (!Double.isFinite(number)) {
            throw new IllegalArgumentException(name + " is not finite");
        }
        return number;
    }

    private static double[] numbers(Object values, String name) {
        JSONArray array = typed(values, name, JSONArray.class);
        double[] numbers = new double[array.length()];
        for (int index = 0; index < numbers.length; index++) {
            numbers[index] = number(array.opt(index), name);
        }
        return numbers;
    }

    private static double[][] rows(JSONObject table, String name) {
        JSONArray array = entry(table, name, JSONArray.class);
        double[][] rows = new double[array.length()][];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = numbers(array.opt(row), name);
        }
        return rows;
    }

    private static String[] strings(JSONObject table, String name) {
        JSONArray array = entry(table, name, JSONArray.class);
        String[] strings = new String[array.length()];
        for (int index = 0; index < strings.length; index++) {
            strings[index] = typed(array.opt(index), name, String.class);
        }
        return strings;
    }
}
