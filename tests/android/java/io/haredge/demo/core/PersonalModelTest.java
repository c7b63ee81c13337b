package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.haredge.demo.TestFiles;
import java.util.Iterator;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** A personal model gives what it gives in Python, and a profile that does not fit is refused with the same line. */
class PersonalModelTest {
    /** The head multiplies in float32. */
    private static final float FLOAT32 = 2e-6f;
    private static final String DAMAGED = "no profile, or damaged: ";
    private static final String AGAIN = "; make it again with har-stream personalise";

    @Test
    void outputsForOnePersonAreThoseOfPython() throws Exception {
        for (JSONObject vectors : Vectors.personal("haredge.vectors")) {
            Card card = cardOf(vectors);
            int index = 0;
            for (JSONObject window : Vectors.objects(vectors, "windows")) {
                PersonalModel model = new PersonalModel(card, (imu, outputs) -> fill(outputs, window), profileOf(vectors));
                Outputs outputs = new Outputs(model.card);
                for (int time = 0; time < 2; time++) { // What was left of the window before does not count.
                    model.run(new float[300], outputs);
                    JSONObject wanted = window.getJSONObject("personal");
                    String message = vectors.getString("name") + ", window " + index;
                    assertArrayEquals(Vectors.probabilities(wanted), outputs.probabilities, FLOAT32, message);
                    if (card.placeCount() > 0) {
                        assertArrayEquals(Vectors.rows(wanted, "by_place"), outputs.byPlace, FLOAT32, message);
                        assertArrayEquals(floats(window, "places"), outputs.places, 0f, message);
                    }
                }
                index++;
            }
        }
    }

    @Test
    void theCardOfOnePersonIsThatOfPython() throws Exception {
        for (JSONObject vectors : Vectors.personal("haredge.vectors")) {
            Card shipped = cardOf(vectors);
            Card card = PersonalModel.cardOf(shipped, profileOf(vectors));
            JSONArray labels = vectors.getJSONArray("labels");
            assertEquals(labels.length(), card.classes());
            for (int label = 0; label < card.classes(); label++) {
                assertEquals(labels.getString(label), card.label(label));
            }
            assertEquals(shipped.activities() - shipped.classes(), card.activities() - card.classes(), "families");
            assertRows(vectors, "transitions", card.smoothing.transitions);
            assertRows(vectors, "means", card.rejection.means);
            assertArrayEquals(Vectors.numbers(vectors, "prior"), card.smoothing.prior, 1e-12);
            assertEquals(card.rejection.means.length, card.rejection.whitening.length);
        }
    }

    @Test
    void aProfileIsRefusedForTheReasonsOfPython() throws Exception {
        JSONObject first = Vectors.personal("haredge.vectors").get(0);
        for (JSONObject refused : Vectors.refusedProfiles("haredge.vectors")) {
            JSONObject changed = changed(first.getJSONObject("profile"), refused);
            String why = refused.getString("why");
            if (refused.getBoolean("damaged")) {
                String said = damage(changed.toString());
                assertTrue(said.startsWith(DAMAGED) && said.endsWith(AGAIN), said);
                if (!why.contains(" must be a ")) { // Of values of another type only the name is the same.
                    assertEquals(DAMAGED + why + AGAIN, said);
                }
            } else {
                Profile profile = Profile.parse(changed.toString());
                assertEquals(why, profile.whyUnusable(cardOf(first)));
                Exception error =
                        assertThrows(BadProfileException.class, () -> PersonalModel.cardOf(cardOf(first), profile));
                assertEquals(why, error.getMessage());
            }
        }
    }

    @Test
    void whatIsNoProfileAtAllIsOneLine() throws Exception {
        String whole = Vectors.personal("haredge.vectors").get(0).getJSONObject("profile").toString();
        String deep = "[".repeat(100_000);
        String steers = whole.replaceFirst("rowing", "a\\\\u001b[2J");
        String more = " ".repeat(Profile.MAX_BYTES + 1);
        for (String text : List.of("", "walking", "[]", "null", whole.substring(0, 500), deep, steers, more, "{\u001b:")) {
            String said = damage(text);
            assertTrue(said.startsWith(DAMAGED) && !Text.hasControl(said) && said.length() < 300, said);
        }
    }

    @Test
    void aProfileWithoutActivitiesChangesNothing() throws Exception {
        JSONObject vectors = Vectors.personal("haredge.vectors").get(0);
        JSONObject empty = new JSONObject(vectors.getJSONObject("profile").toString()).put("learnt", new JSONArray());
        JSONObject window = Vectors.objects(vectors, "windows").get(0);
        PersonalModel model = new PersonalModel(
                cardOf(vectors), (imu, outputs) -> fill(outputs, window), Profile.parse(empty.toString()));
        Outputs outputs = new Outputs(model.card);
        model.run(new float[300], outputs);
        assertArrayEquals(Vectors.probabilities(window), outputs.probabilities, 0f);
        assertArrayEquals(Vectors.rows(window, "by_place"), outputs.byPlace, 0f);
        assertEquals(cardOf(vectors).classes(), model.card.classes());
    }

    @Test
    void aModelWithoutPrototypesCannotBeMadePersonal() throws Exception {
        JSONObject vectors = Vectors.personal("haredge.vectors").get(0);
        Card waist = Card.parse(TestFiles.text("waist.json"));
        assertEquals("the model waist cannot be made personal", profileOf(vectors).whyUnusable(waist));
        assertNull(profileOf(vectors).whyUnusable(cardOf(vectors)));
    }

    @Test
    void prototypesThatDoNotFitTheirCardAreRefusedWithIt() throws Exception {
        String card = Vectors.personal("haredge.vectors").get(0).getJSONObject("card").toString();
        for (String[] change : new String[][] {
            {"\"sharpness\":0.25", "\"sharpness\":0"}, {"\"network_share\":0.3", "\"network_share\":1"},
            {"\"place\":\"wrist\"", "\"place\":\"ankle\""}, {"\"whitening\":\\[1.25,", "\"whitening\":["}
        }) {
            String changed = card.replaceFirst(change[0], change[1]);
            assertTrue(!changed.equals(card), change[0]);
            Exception error = assertThrows(BadModelException.class, () -> Card.parse(changed));
            assertEquals("the card's prototypes do not fit its labels and places", error.getMessage());
        }
        assertEquals(32, Card.parse(TestFiles.text("anywhere.json")).features());
    }

    private static String damage(String text) {
        return assertThrows(BadProfileException.class, () -> Profile.parse(text)).getMessage();
    }

    private static Card cardOf(JSONObject vectors) throws Exception {
        return Card.parse(vectors.getJSONObject("card").toString());
    }

    private static Profile profileOf(JSONObject vectors) throws Exception {
        return Profile.parse(vectors.getJSONObject("profile").toString());
    }

    /** A profile with the changes of a refusal. */
    private static JSONObject changed(JSONObject profile, JSONObject refused) throws JSONException {
        JSONObject changed = new JSONObject(profile.toString());
        if (!refused.isNull("first")) {
            JSONObject first = changed.getJSONArray("learnt").getJSONObject(0);
            copy(refused.getJSONObject("first"), first);
            changed.put("learnt", new JSONArray().put(first));
        }
        copy(refused.getJSONObject("change"), changed);
        return changed;
    }

    private static void copy(JSONObject from, JSONObject to) throws JSONException {
        for (Iterator<?> names = from.keys(); names.hasNext(); ) {
            String name = (String) names.next();
            to.put(name, from.get(name));
        }
    }

    private static void assertRows(JSONObject vectors, String name, double[][] rows) throws JSONException {
        JSONArray wanted = vectors.getJSONArray(name);
        assertEquals(wanted.length(), rows.length, name);
        for (int row = 0; row < rows.length; row++) {
            double[] values = Vectors.numbers(new JSONObject().put("row", wanted.getJSONArray(row)), "row");
            assertArrayEquals(values, rows[row], 1e-12, name);
        }
    }

    private static float[] floats(JSONObject window, String name) throws JSONException {
        return Vectors.float32(Vectors.numbers(window, name));
    }

    /** What a model makes of a golden window. */
    private static void fill(Outputs outputs, JSONObject window) {
        try {
            copy(floats(window, "probabilities"), outputs.probabilities);
            copy(floats(window, "features"), outputs.features);
            if (outputs.places.length > 0) {
                copy(floats(window, "places"), outputs.places);
                copy(Vectors.rows(window, "by_place"), outputs.byPlace);
            }
        } catch (JSONException error) {
            throw new AssertionError(error);
        }
    }

    private static void copy(float[] from, float[] to) {
        assertEquals(from.length, to.length);
        System.arraycopy(from, 0, to, 0, to.length);
    }
}
