package io.haredge.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import android.graphics.Canvas;
import android.hardware.Sensor;
import android.view.View;
import io.haredge.demo.TestFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The app with a model that may be worn any way up, at several places, with and without a gyroscope. */
class PlacesTest extends PhoneTestCase {
    private static final double STANDING_S = 8;
    private static final double UNTIL_WALKED_S = 20;
    private static final String HINT = "Walk a few steps, so that standing, sitting and lying can be told apart";
    private static final String IN_POCKET = "Worn in a trouser pocket";

    @BeforeEach
    void takeTheModel() throws IOException {
        String card = TestFiles.placesText("anyplace.json").replace("\"name\": \"anyplace\"", "\"name\": \"anywhere\"");
        phone.changedAssets.put("anywhere.json", card.getBytes(StandardCharsets.UTF_8));
        phone.changedAssets.put("anywhere.tflite", TestFiles.placesBytes("anyplace.tflite"));
        phone.changedAssets.put("anywhere-fp32.tflite", TestFiles.placesBytes("anyplace.tflite"));
    }

    @Test
    void posturesAreStillUntilTheWearerHasWalked() {
        startAndWear(STANDING_S);
        assertShows("Still");
        assertShows(HINT);
        assertEquals("Still", phone.notification.title);
        wearer.wear(UNTIL_WALKED_S - STANDING_S);
        assertShows("Walking");
        assertShows(IN_POCKET);
        assertFalse(phone.texts().contains(HINT));
    }

    @Test
    void theDayHasTheFamiliesAndNoRowForMovementsLikeNothing() {
        startAndWear(UNTIL_WALKED_S);
        List<String> drawn = draw();
        assertTrue(drawn.contains("Still") && drawn.contains("Sitting or lying"), drawn.toString());
        assertEquals(1, drawn.stream().filter("Unknown"::equals).count(), "among the probabilities alone");
        assertShowsPart("Still 1 min");
    }

    @Test
    void theCardSaysWhereThePhoneMayBeWorn() {
        phone.open("MainActivity");
        assertShowsPart("for a phone worn at the waist or chest, in a trouser pocket, on the wrist");
    }

    @Test
    void aPhoneWithoutAGyroscopeIsEnough() {
        phone.sensors.remove(Sensor.TYPE_GYROSCOPE);
        startAndWear(UNTIL_WALKED_S);
        assertShows("Walking");
        assertShows(IN_POCKET);
        assertShows("Accelerometer 50.0 Hz. This phone has no gyroscope: the accelerometer alone is used.");
        assertFalse(phone.isListenedTo(Sensor.TYPE_GYROSCOPE));
        phone.press("Stop");
        assertFalse(phone.serviceRuns());
    }

    @Test
    void afterTheProcessDiedTheWearerNeedNotWalkAgain() {
        startAndWear(65);
        phone.kill();
        phone.restartService("io.haredge.demo.SensorService");
        phone.open("MainActivity");
        wearer.wear(4);
        assertFalse(phone.texts().contains(HINT), phone.texts().toString());
    }

    @Test
    void afterTheUserStoppedItThePhoneMayBeWornAnotherWay() {
        startAndWear(65);
        phone.press("Stop");
        phone.press("Start");
        wearer.wear(3);
        assertShows(HINT);
    }

    @Test
    void theBenchmarkMeasuresIt() {
        phone.open("BenchmarkActivity");
        phone.press("Run");
        assertShowsPart("anywhere-fp32.tflite: p50 ");
    }

    private List<String> draw() {
        View root = phone.activity.content();
        root.place(720);
        BufferedImage image = new BufferedImage(720, root.getMeasuredHeight(), BufferedImage.TYPE_INT_ARGB);
        Canvas canvas = new Canvas(image.createGraphics());
        root.draw(canvas);
        return canvas.texts;
    }
}
