package io.haredge.demo.core;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.json.JSONArray;
import org.json.JSONObject;

/** A person's profile: what was learnt of each activity, as {@code har_runtime/personal/profile.py} writes it. */
public final class Profile {
    /** Bytes of its file. */
    public static final int MAX_BYTES = 1_000_000;

    private static final String FORMAT = "haredge-profile-1";
    private static final int MAX_LEARNT = 100;
    private static final int LONGEST = 100_000;
    private static final double LARGEST_MEAN = 1e6;
    private static final String AGAIN = "make it again with har-stream personalise";

    /** An activity as the person does it, with the sensor at one place. */
    static final class Learnt {
        final String label;
        /** Null if the model does not tell places. */
        final String place;
        final long windows;
        /** Of the whitened features. */
        final double[] mean;
        /** Mean of the statistics of the windows; null if the shipped model does not find them unlike. */
        final double[] groupMean;
        /** Lower triangle, row by row, of what makes these statistics uncorrelated; null likewise. */
        final double[] groupWhitening;

        private Learnt(JSONObject table, String key) {
            checkKeys(table, key + ".", "label", "place", "windows", "mean", "source", "unix_s", "group");
            label = text(table, "label");
            place = optionalText(table, "place");
            windows = Json.whole(table, "windows");
            mean = Json.numbers(table, "mean");
            text(table, "source");
            Json.number(table, "unix_s");
            JSONObject group = Json.optional(table, "group", JSONObject.class);
            if (group != null) {
                checkKeys(group, key + ".group.", "mean", "whitening");
            }
            groupMean = group == null ? null : Json.numbers(group, "mean");
            groupWhitening = group == null ? null : Json.numbers(group, "whitening");
        }

        private boolean groupFits(boolean upright) {
            int size = upright ? Rejector.UPRIGHT_STATISTICS : Rejector.STATISTICS;
            return groupMean == null || (groupMean.length == size && groupWhitening.length == size * (size + 1) / 2);
        }
    }

    private final String model;
    private final String sha256;
    private final Learnt[] learnt;
    /** Which way was up while the person stood; null if nobody stood. */
    private final double[] up;

    private Profile(JSONObject table) {
        checkKeys(table, "", "format", "model", "sha256", "learnt", "still");
        model = text(table, "model");
        sha256 = optionalText(table, "sha256");
        JSONArray entries = Json.entry(table, "learnt", JSONArray.class);
        learnt = new Learnt[entries.length()];
        for (int index = 0; index < learnt.length; index++) {
            learnt[index] = new Learnt(Json.item(entries, index, "learnt"), "learnt[" + index + "]");
        }
        JSONObject still = Json.optional(table, "still", JSONObject.class);
        up = still == null ? null : Json.numbers(still, "up");
        if (still != null) {
            checkKeys(still, "still.", "up", "axes");
            text(still, "axes");
        }
    }

    /**
     * Reads a profile.
     *
     * @throws BadProfileException it is damaged, or none
     */
    public static Profile parse(String content) throws BadProfileException {
        try {
            if (content.length() > MAX_BYTES) {
                throw new IllegalArgumentException("it is larger than " + MAX_BYTES + " bytes");
            }
            JSONObject table = Json.read(content);
            if (!FORMAT.equals(table.opt("format"))) {
                throw new IllegalArgumentException("its format is not " + FORMAT);
            }
            Profile profile = new Profile(table);
            profile.check();
            return profile;
        } catch (IllegalArgumentException error) {
            throw new BadProfileException("no profile, or damaged: " + error.getMessage() + "; " + AGAIN, error);
        }
    }

    /** Why it cannot be used with the model of a card, one line; null if it can. */
    public String whyUnusable(Card card) {
        if (card.prototypes == null) {
            return "the model " + card.name + " cannot be made personal";
        }
        boolean other = !model.equals(card.name);
        if (other || (sha256 != null && card.sha256() != null && !sha256.equals(card.sha256()))) {
            String made = other ? Text.clean(model) : "another version of " + card.name;
            return "it was made for " + made + ", and the model is " + card.name + ": " + AGAIN;
        }
        for (Learnt one : learnt) {
            if (one.mean.length != card.features() || !card.learningPlaces().contains(one.place)) {
                return "its '" + one.label + "' does not fit the model " + card.name + ": " + AGAIN;
            }
            if (!one.groupFits(card.isUpright())) {
                return "its statistics of '" + one.label + "' do not fit the model " + card.name;
            }
            if (card.isAnswerOfItsOwn(one.label)) {
                return "'" + one.label + "' is an answer of its own, not an activity: give another name";
            }
        }
        return null;
    }

    /** The activities that were learnt, at any place. */
    public List<String> activities() {
        Set<String> labels = new LinkedHashSet<>();
        for (Learnt one : learnt) {
            labels.add(one.label);
        }
        return List.copyOf(labels);
    }

    Learnt[] learnt() {
        return learnt;
    }

    /** Refuses what is never in a profile. */
    private void check() {
        if (learnt.length > MAX_LEARNT) {
            String most = "at most " + MAX_LEARNT + " are possible";
            throw new IllegalArgumentException("it has " + learnt.length + " activities, " + most);
        }
        Set<List<String>> pairs = new HashSet<>();
        for (Learnt one : learnt) {
            if (!pairs.add(Arrays.asList(one.place, one.label))) {
                throw new IllegalArgumentException("it has '" + Text.clean(one.label) + "' twice");
            }
        }
        for (Learnt one : learnt) {
            if (!Text.isName(one.label)) {
                throw new IllegalArgumentException("a label must be text of 1 to " + Text.MAX_NAME + " characters");
            }
            boolean fit = one.windows > 0 && one.windows <= LONGEST && one.mean.length > 0;
            for (double value : one.mean) {
                fit &= Math.abs(value) <= LARGEST_MEAN;
            }
            if (!fit) {
                throw new IllegalArgumentException("its numbers for '" + one.label + "' are no means of windows");
            }
        }
        if (up != null && (up.length != 3 || Math.abs(up[0] * up[0] + up[1] * up[1] + up[2] * up[2] - 1) > 1e-3)) {
            throw new IllegalArgumentException("its direction of up is not of length 1");
        }
    }

    private static void checkKeys(JSONObject table, String prefix, String... known) {
        for (Iterator<?> keys = table.keys(); keys.hasNext(); ) {
            String key = (String) keys.next();
            if (!Arrays.asList(known).contains(key)) {
                throw new IllegalArgumentException("unknown key '" + prefix + Text.clean(key) + "'; known here: "
                        + String.join(", ", known));
            }
        }
    }

    private static String text(JSONObject table, String name) {
        String text = Json.entry(table, name, String.class);
        if (Text.hasControl(text)) {
            throw new IllegalArgumentException("'" + name + "' has control characters: '" + Text.clean(text) + "'");
        }
        return text;
    }

    /** An entry that may be null, but not missing. */
    private static String optionalText(JSONObject table, String name) {
        return table.has(name) && table.isNull(name) ? null : text(table, name);
    }
}
