package io.haredge.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.haredge.demo.core.Answer;
import io.haredge.demo.core.Card;
import io.haredge.demo.core.Model;
import io.haredge.demo.core.PersonalModel;
import io.haredge.demo.core.Profile;
import io.haredge.demo.core.Reason;
import io.haredge.demo.core.Recognizer;
import io.haredge.demo.core.StepCounter;
import io.haredge.standins.Phone;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The app's model on two minutes of a simulated wearer, from events to answers. */
class AppModelTest {
    private static final long PERIOD_NS = 20_000_000L;
    /** An int8 output may step by 1/256 if a value of its window differs in the last place. */
    private static final double TOLERANCE = 0.02;

    @TempDir Path files;

    @BeforeEach
    void startPhone() {
        new Phone(files.toFile());
    }

    @Test
    void activitiesFamiliesPlacesReasonsAndStepsAreThoseOfPythonWhateverIsSet() throws Exception {
        JSONArray cases = new JSONObject(Files.readString(Path.of(System.getProperty("haredge.answers"))))
                .getJSONArray("cases");
        assertEquals(5, cases.length());
        for (int index = 0; index < cases.length(); index++) {
            assertSameAnswers(cases.getJSONObject(index));
        }
    }

    private static void assertSameAnswers(JSONObject expected) throws Exception {
        Card shipped = Card.parse(TestFiles.text(Session.MODEL + ".json"));
        Profile profile = Profile.parse(TestFiles.profile());
        boolean isPersonal = expected.getBoolean("profile");
        Card card = isPersonal ? PersonalModel.cardOf(shipped, profile) : shipped;
        Recognizer.Options options = new Recognizer.Options();
        options.gyroscope = expected.getBoolean("gyroscope");
        options.place = expected.isNull("place") ? null : expected.getString("place");
        options.coarse = expected.getBoolean("coarse");
        List<String> answers = new ArrayList<>();
        List<Double> confidences = new ArrayList<>();
        List<Integer> steps = new ArrayList<>();
        List<Double> cadences = new ArrayList<>();
        try (LiteRtModel model = new LiteRtModel(TestFiles.bytes(Session.MODEL + ".tflite"), shipped)) {
            Model used = isPersonal ? new PersonalModel(shipped, model, profile) : model;
            Recognizer recognizer = new Recognizer(card, used, options, answer -> {
                answers.add(words(card.activity(answer.activity), words(answer.reason),
                        answer.place == Answer.NO_PLACE ? null : card.place(answer.place)));
                confidences.add(answer.confidence);
                steps.add(answer.steps);
                cadences.add(answer.cadence);
            });
            feed(recognizer, options.gyroscope);
        }
        JSONArray windows = expected.getJSONArray("answers");
        List<String> wanted = new ArrayList<>();
        for (int index = 0; index < windows.length(); index++) {
            JSONObject window = windows.getJSONObject(index);
            wanted.add(words(window.getString("activity"), window.optString("reason", null),
                    window.optString("place", null)));
        }
        assertEquals(wanted, answers);
        for (int index = 0; index < windows.length(); index++) {
            JSONObject window = windows.getJSONObject(index);
            assertEquals(window.getDouble("confidence"), confidences.get(index), TOLERANCE, "window " + index);
            assertEquals(window.getInt("steps"), steps.get(index), "window " + index);
            double cadence = window.isNull("cadence") ? StepCounter.NO_CADENCE : window.getDouble("cadence");
            assertEquals(cadence, cadences.get(index), 1e-3, "window " + index);
        }
    }

    private static void feed(Recognizer recognizer, boolean gyroscope) throws Exception {
        long time = 0;
        for (String line : Files.readAllLines(Path.of(System.getProperty("haredge.wearer")))) {
            String[] cells = line.split(",");
            double[] row = new double[cells.length];
            for (int index = 0; index < cells.length; index++) {
                row[index] = Double.parseDouble(cells[index]);
            }
            recognizer.pushAccelerometer(time, row[0], row[1], row[2]);
            if (gyroscope) {
                recognizer.pushGyroscope(time, row[3], row[4], row[5]);
            }
            time += PERIOD_NS;
        }
        recognizer.finish();
    }

    private static String words(Reason reason) {
        return reason == null ? null : reason.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** One line, in which a reason or place that is missing reads null. */
    private static String words(String activity, String reason, String place) {
        return activity + " " + reason + " " + place;
    }
}
