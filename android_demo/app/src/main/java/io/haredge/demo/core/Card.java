package io.haredge.demo.core;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.json.JSONArray;
import org.json.JSONObject;

/** The model card: a model's input, output and scores, as {@code har_runtime/model/card.py} writes them. */
public final class Card {
    private static final String FORMAT = "haredge-card-1";
    private static final String REQUIRED = "required";
    private static final String OPTIONAL = "optional";
    private static final String UNKNOWN = "unknown";

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
    /** How the place is filtered; null if the model does not tell places. */
    public final PlaceFilter placeFilter;
    /** The axes of the windows that the model takes. */
    private final String frame;
    private final String gyroscope;
    private final String[] places;
    private final Family[] families;
    /** Null if the model cannot be made personal. */
    final Prototypes prototypes;

    /** How the belief in where the phone is worn changes. */
    public static final class PlaceFilter {
        /** Probability that the place has changed a hop later. */
        final double change;
        /** Exponent of the place's likelihood in a window of gait; it falls with the window's probability of gait. */
        final double evidence;

        private PlaceFilter(JSONObject table) {
            change = Json.number(table, "change");
            evidence = Json.number(table, "evidence");
        }

        private boolean fits() {
            return change > 0 && change < 1 && evidence > 0 && evidence <= 1;
        }
    }

    private Card(JSONObject table) {
        name = Json.entry(table, "name", String.class);
        version = Json.entry(table, "version", String.class);
        labels = Json.strings(table, "labels");
        placement = Json.optional(table, "placement", String.class);
        JSONObject training = Json.entry(table, "training", JSONObject.class);
        data = Json.entry(training, "data", String.class);
        licence = Json.entry(training, "licence", String.class);
        unseenPeople = Json.entry(training, "never_seen", JSONArray.class).length();
        JSONObject int8 = Json.optional(Json.entry(table, "scores", JSONObject.class), "int8", JSONObject.class);
        macroF1 = int8 == null ? Double.NaN : Json.number(int8, "macro_f1");
        sha256 = Json.optional(table, "sha256", String.class);
        String axes = Json.string(table, "frame", Contract.DEVICE);
        frame = axes.equals(Contract.DEVICE_OF_0_1) ? Contract.DEVICE : axes;
        gyroscope = Json.string(table, "gyroscope", REQUIRED);
        places = table.has("places") ? Json.strings(table, "places") : new String[0];
        families = Family.read(table, Arrays.asList(labels));
        JSONObject smoothingTable = Json.optional(table, "smoothing", JSONObject.class);
        smoothing = smoothingTable == null ? null : new Smoothing(smoothingTable);
        JSONObject rejectionTable = Json.optional(table, "rejection", JSONObject.class);
        rejection = rejectionTable == null ? null : new Rejection(rejectionTable);
        JSONObject placeTable = Json.optional(table, "place_filter", JSONObject.class);
        placeFilter = placeTable == null ? null : new PlaceFilter(placeTable);
        JSONObject prototypeTable = Json.optional(table, "prototypes", JSONObject.class);
        prototypes = prototypeTable == null ? null : new Prototypes(prototypeTable);
    }

    private Card(Card shipped, String[] labels, Smoothing smoothing, Rejection rejection) {
        name = shipped.name;
        version = shipped.version;
        placement = shipped.placement;
        macroF1 = shipped.macroF1;
        unseenPeople = shipped.unseenPeople;
        data = shipped.data;
        licence = shipped.licence;
        sha256 = shipped.sha256;
        placeFilter = shipped.placeFilter;
        frame = shipped.frame;
        gyroscope = shipped.gyroscope;
        places = shipped.places;
        families = shipped.families;
        prototypes = shipped.prototypes;
        this.labels = labels;
        this.smoothing = smoothing;
        this.rejection = rejection;
    }

    /** The card with further labels at the end of its own, and with what they change. */
    Card with(List<String> further, Smoothing newSmoothing, Rejection newRejection) {
        List<String> all = new ArrayList<>(Arrays.asList(labels));
        all.addAll(further);
        return new Card(this, all.toArray(new String[0]), newSmoothing, newRejection);
    }

    /**
     * Reads a card and makes sure that it fits the signal contract.
     *
     * @throws BadModelException no card, an incomplete one, or a model that wants other input than this app gives
     */
    public static Card parse(String text) throws BadModelException {
        try {
            JSONObject table = Json.read(text);
            if (!FORMAT.equals(table.opt("format"))) {
                throw new BadModelException("no model card (format " + FORMAT + " is missing)");
            }
            Card card = new Card(table);
            card.checkContract(table);
            return card;
        } catch (IllegalArgumentException error) {
            String why = "the model card is damaged or incomplete (" + error.getMessage() + ")";
            throw new BadModelException(why, error);
        }
    }

    /** How many labels there are: one for each output. */
    public int classes() {
        return labels.length;
    }

    public String label(int index) {
        return labels[index];
    }

    /** Whether windows must be turned so that the wearer's up is +z. */
    public boolean isUpright() {
        return frame.equals(Contract.UPRIGHT);
    }

    /** Whether the model does without angular rates: a window then has zeros for them. */
    public boolean gyroscopeIsOptional() {
        return gyroscope.equals(OPTIONAL);
    }

    /** How many places the model tells; 0 if it does not tell them. */
    public int placeCount() {
        return places.length;
    }

    /** Width of the model's last output, its features; 0 if it does not give them. */
    public int features() {
        return prototypes == null ? 0 : prototypes.width;
    }

    /** SHA-256 of the model file, lower-case hexadecimal; null if the card does not say. */
    String sha256() {
        return sha256;
    }

    /** Index of a label; -1 if the card does not have it. */
    int labelIndex(String label) {
        return Arrays.asList(labels).indexOf(label);
    }

    /** The places, or one null if the model does not tell them: where an activity is learnt. */
    List<String> learningPlaces() {
        return places.length == 0 ? Collections.singletonList(null) : Arrays.asList(places);
    }

    /** A place that the phone may be worn at: torso, thigh or wrist. */
    public String place(int index) {
        return places[index];
    }

    /** Whether the model can be told a place as users name it: waist, hip, chest, pocket, thigh, wrist or torso. */
    public boolean knowsPlace(String place) {
        return Arrays.asList(places).contains(Contract.placeOf(place));
    }

    /**
     * Index of a place as users name it: waist, hip, chest, pocket, thigh, wrist or torso.
     *
     * @throws BadModelException the model does not tell places, or does not know this one
     */
    int placeIndex(String place) throws BadModelException {
        int index = Arrays.asList(places).indexOf(Contract.placeOf(place));
        if (index < 0) {
            throw new BadModelException(places.length == 0 ? "the model " + name + " does not tell places"
                    : "the model " + name + " knows the places " + String.join(", ", places) + ", not " + place);
        }
        return index;
    }

    /** How many activities an answer may have: labels first, then families. */
    public int activities() {
        return labels.length + families.length;
    }

    /** Their names. */
    public String[] activityNames() {
        String[] names = new String[activities()];
        for (int index = 0; index < names.length; index++) {
            names[index] = activity(index);
        }
        return names;
    }

    /** Name of an answer's activity: of a label, a family, or "unknown". */
    public String activity(int index) {
        if (index == Answer.UNKNOWN) {
            return UNKNOWN;
        }
        return index < labels.length ? labels[index] : families[index - labels.length].name;
    }

    /**
     * Whether a label is not an activity: a model may learn "unknown" from movements that are none of the others.
     *
     * @param index of a label or family
     */
    public boolean isUnknown(int index) {
        return activity(index).equals(UNKNOWN);
    }

    /** Whether a name is that of a family or of no activity, which nobody can learn. */
    boolean isAnswerOfItsOwn(String name) {
        return name.equals(UNKNOWN) || Arrays.stream(families).anyMatch(family -> family.name.equals(name));
    }

    /** The families, the narrowest first. */
    Family[] families() {
        return families;
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
        checkChoice("frame", frame, Contract.DEVICE, Contract.UPRIGHT);
        checkChoice("gyroscope", gyroscope, REQUIRED, OPTIONAL);
        if (!table.isNull("quantised_ends")) {
            throw new BadModelException("the model wants int8 input; this app feeds float32");
        }
        if (labels.length == 0 || new HashSet<>(Arrays.asList(labels)).size() < labels.length) {
            throw new BadModelException("the labels of the card are empty or repeat: " + Arrays.toString(labels));
        }
        if (smoothing != null && !smoothing.fits(labels.length)) {
            throw new BadModelException("the card's smoothing does not fit its " + labels.length + " labels");
        }
        if (rejection != null && !rejection.fits(labels.length, isUpright())) {
            throw new BadModelException("the card's rejection does not fit its " + labels.length + " labels");
        }
        if (prototypes != null && !prototypes.fit(Arrays.asList(labels), learningPlaces())) {
            throw new BadModelException("the card's prototypes do not fit its labels and places");
        }
        checkPlaces();
        for (Family family : families) {
            if (!family.fits(Arrays.asList(labels))) {
                throw new BadModelException("the card's family " + family.name + " must stand for two labels or more");
            }
        }
    }

    private void checkPlaces() throws BadModelException {
        Set<String> different = new HashSet<>(Arrays.asList(places));
        boolean fit = different.size() == places.length && Arrays.asList(Contract.places()).containsAll(different);
        if (!fit || (places.length > 0) != (placeFilter != null) || (placeFilter != null && !placeFilter.fits())) {
            throw new BadModelException("the card's places and place_filter do not fit: " + Arrays.toString(places));
        }
    }

    private static void checkChoice(String name, String wanted, String... known) throws BadModelException {
        if (!Arrays.asList(known).contains(wanted)) {
            throw new BadModelException(
                    "the model wants " + name + " " + wanted + ", this app knows " + String.join(" and ", known));
        }
    }

    private static void checkInput(JSONObject table, String name, Object fed) throws BadModelException {
        Object wanted = table.opt(name);
        if (!fed.equals(wanted)) {
            String message = "the model wants " + name + " " + wanted + ", this app feeds " + fed;
            throw new BadModelException(message.replace("\\/", "/")); // org.json escapes every slash.
        }
    }
}
