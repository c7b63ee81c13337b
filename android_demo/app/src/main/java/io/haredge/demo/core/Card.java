package io.haredge.demo.core;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/** The model card: what a model takes, gives and is worth, as {@code har_runtime/model/card.py} writes it. */
public final class Card {
    private static final String FORMAT = "haredge-card-1";

    public final String name;
    public final String version;
    private final String[] labels;
    /** Where the sensor was worn; null where the card does not say. */
    public final String placement;
    /** Macro-F1 of the int8 file on people whom the model never saw, 0 to 1; NaN where the card does not say. */
    public final double macroF1;
    /** How many people that were. */
    public final int unseenPeople;
    /** Data set it learnt from. */
    public final String data;
    /** Terms of that data set. */
    public final String licence;
    /** Of the model file, lower-case hexadecimal; null in a card that was read from inside a model. */
    private final String sha256;
    /** How answers are steadied; null where the card does not say. */
    public final Smoothing smoothing;
    /** When an answer is unknown; null where the card does not say. */
    public final Rejection rejection;

    /** The hidden Markov model that steadies the answers. */
    public static final class Smoothing {
        /** Probability of going from an activity (row) to another within one hop. */
        final double[][] transitions;
        /** Of each activity, before anything is known. */
        final double[] prior;
        /** Exponent of each window's probabilities: half-overlapping windows share samples. */
        final double evidence;

        public Smoothing(double[][] transitions, double[] prior, double evidence) {
            this.transitions = transitions;
            this.prior = prior;
            this.evidence = evidence;
        }

        private Smoothing(Map<String, Object> table) {
            this(rows(table, "transitions"), numbers(list(table, "prior")), number(table, "evidence"));
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

    /** Thresholds, and what the windows of each activity are like in the training data. */
    public static final class Rejection {
        /** Of the filter's likeliest activity, under which it is unsure. */
        final double confidence;
        /** The same for a window's own likeliest activity, without the filter. */
        final double rawConfidence;
        /** In standard deviations, over which a window is unlike the training data. */
        final double distance;
        /** Of the window statistics, a row for each activity. */
        final double[][] means;
        /** Lower triangle, row by row, of the matrix that makes an activity's statistics uncorrelated, variance 1. */
        final double[][] whitening;

        private Rejection(Map<String, Object> table) {
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

    private Card(Map<String, Object> table) {
        name = string(table, "name");
        version = string(table, "version");
        labels = strings(table, "labels");
        placement = (String) table.get("placement");
        Map<String, Object> training = map(table, "training");
        data = string(training, "data");
        licence = string(training, "licence");
        unseenPeople = list(training, "never_seen").size();
        Object int8 = map(table, "scores").get("int8");
        macroF1 = int8 == null ? Double.NaN : number(asMap(int8), "macro_f1");
        sha256 = (String) table.get("sha256");
        Object steady = table.get("smoothing");
        smoothing = steady == null ? null : new Smoothing(asMap(steady));
        Object doubt = table.get("rejection");
        rejection = doubt == null ? null : new Rejection(asMap(doubt));
    }

    /**
     * Reads a card and makes sure that it fits the signal contract.
     *
     * @throws BadModelException no card, an incomplete one, or a model that wants other input than this app gives
     */
    public static Card parse(String text) throws BadModelException {
        Map<String, Object> table;
        Card card;
        try {
            table = asMap(Json.parse(text));
            if (!FORMAT.equals(table.get("format"))) {
                throw new BadModelException("no model card (format " + FORMAT + " is missing)");
            }
            card = new Card(table);
            card.checkContract(table);
        } catch (IllegalArgumentException | ClassCastException | NullPointerException error) {
            throw new BadModelException("the model card is damaged or incomplete (" + error.getMessage() + ")", error);
        }
        return card;
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
     * @throws BadModelException it is another one, or cut off
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

    private void checkContract(Map<String, Object> table) throws BadModelException {
        wanted(table, "sample_rate_hz", (double) Contract.SAMPLE_RATE_HZ);
        wanted(table, "window", (double) Contract.WINDOW);
        wanted(table, "hop", (double) Contract.HOP);
        wanted(table, "channels", Arrays.<Object>asList((Object[]) Contract.channels()));
        wanted(table, "units", Arrays.<Object>asList((Object[]) Contract.units()));
        wanted(table, "frame", Contract.FRAME);
        if (table.get("quantised_ends") != null) {
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

    private static void wanted(Map<String, Object> table, String name, Object value) throws BadModelException {
        if (!value.equals(table.get(name))) {
            throw new BadModelException(
                    "the model wants " + name + " " + shown(table.get(name)) + ", this app feeds " + shown(value));
        }
    }

    /** JSON tells whole numbers from others no more than Json does; people do. */
    private static String shown(Object value) {
        boolean whole = value instanceof Double && (Double) value == Math.rint((Double) value);
        return whole ? String.valueOf(((Double) value).longValue()) : String.valueOf(value);
    }

    private static double[][] rows(Map<String, Object> table, String name) {
        List<Object> lists = list(table, name);
        double[][] rows = new double[lists.size()][];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = numbers((List<?>) lists.get(row));
        }
        return rows;
    }

    private static Object present(Map<String, Object> table, String name) {
        Object value = table.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no " + name);
        }
        return value;
    }

    private static String string(Map<String, Object> table, String name) {
        return (String) present(table, name);
    }

    private static double number(Map<String, Object> table, String name) {
        return (Double) present(table, name);
    }

    private static double[] numbers(List<?> values) {
        double[] numbers = new double[values.size()];
        for (int index = 0; index < numbers.length; index++) {
            numbers[index] = (Double) values.get(index);
        }
        return numbers;
    }

    private static String[] strings(Map<String, Object> table, String name) {
        List<String> texts = new ArrayList<>();
        for (Object value : list(table, name)) {
            texts.add((String) value);
        }
        return texts.toArray(new String[0]);
    }

    @SuppressWarnings("unchecked") // Json makes no other lists.
    private static List<Object> list(Map<String, Object> table, String name) {
        return (List<Object>) present(table, name);
    }

    private static Map<String, Object> map(Map<String, Object> table, String name) {
        return asMap(present(table, name));
    }

    @SuppressWarnings("unchecked") // Json makes no other maps.
    private static Map<String, Object> asMap(Object value) {
        return (Map<String, Object>) value;
    }
}
