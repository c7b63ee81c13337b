package io.haredge.app;

import static org.junit.jupiter.api.Assertions.assertFalse;

import android.hardware.Sensor;
import io.haredge.demo.TestFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Faults are shown on the screen; nothing crashes, and the rest continues. */
class BadInputTest extends PhoneTestCase {
    private static final double STANDING_S = 10;

    @Test
    void aCardThatDoesNotFitIsRefused() throws IOException {
        change("anywhere.json", TestFiles.text("anywhere.json").replace("\"sample_rate_hz\": 50", "\"sample_rate_hz\": 100"));
        phone.open("MainActivity");
        assertShows("The model cannot be used: the model wants sample_rate_hz 100, this app feeds 50");
        assertFalse(phone.serviceRuns());
    }

    @Test
    void aDamagedCardIsRefused() {
        change("anywhere.json", "{\"format\": \"haredge-ca");
        phone.open("MainActivity");
        assertShowsPart("the model card is damaged");
    }

    @Test
    void aModelFileThatIsCutOffIsRefused() throws IOException {
        byte[] whole = TestFiles.bytes("anywhere.tflite");
        phone.changedAssets.put("anywhere.tflite", Arrays.copyOf(whole, 100_000));
        phone.open("MainActivity");
        phone.press("Start");
        assertShows("The model cannot be used: the model file is not the one of its card anywhere: "
                + "cut off, changed or another version");
        assertFalse(phone.serviceRuns());
    }

    @Test
    void aModelThatLiteRtRefusesIsReported() throws IOException {
        change("anywhere.json", TestFiles.text("anywhere.json").replaceAll("\"sha256\": \"[0-9a-f]+\"", "\"sha256\": null"));
        phone.changedAssets.put("anywhere.tflite", new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        phone.open("MainActivity");
        phone.press("Start");
        assertShowsPart("LiteRT cannot load it");
        assertFalse(phone.serviceRuns());
    }

    @Test
    void aModelWithOtherClassesIsRefused() throws IOException {
        change("anywhere.json", TestFiles.text("anywhere.json")
                .replaceAll("\"sha256\": \"[0-9a-f]+\"", "\"sha256\": null")
                .replaceAll("\"(smoothing|rejection)\": \\{[^}]*\\}", "\"$1\": null")
                .replace("  \"unknown\"\n", "  \"unknown\", \"swimming\"\n"));
        phone.open("MainActivity");
        phone.press("Start");
        assertShows("The model cannot be used: it does not take float32 [1, 50, 6] and give float32 [1, 9] and [1, 3] "
                + "and [1, 3, 9] and [1, 32]");
    }

    @Test
    void aModelThatFailsInTheMiddleOfABatchStopsTheAppWithTheReason() {
        startAndStand();
        wearer.wear(0.3); // Now windows end in the middle of a batch.
        phone.inferenceFails = true;
        wearer.wear(3);
        assertShows("The model stopped working: Internal error: Failed to run");
        assertFalse(phone.serviceRuns());
    }

    @Test
    void invalidSamplesAreSkippedAndReported() {
        startAndStand();
        phone.deliver(Sensor.TYPE_ACCELEROMETER, wearer.clockNs, Float.NaN, 0, 0);
        phone.deliver(Sensor.TYPE_GYROSCOPE, wearer.clockNs, 0, Float.POSITIVE_INFINITY, 0);
        phone.advance(5000);
        assertShows("A sensor delivers invalid values; they are skipped.");
        assertShows("Still");
    }

    @Test
    void readingsAtTheLimitOfTheRangeAreReported() {
        startAndStand();
        for (int count = 0; count < 20; count++) {
            wearer.clockNs += 20_000_000L;
            phone.deliver(Sensor.TYPE_ACCELEROMETER, wearer.clockNs, 19.6f, 0.1f * count, 1);
            phone.deliver(Sensor.TYPE_GYROSCOPE, wearer.clockNs, 0.1f * count, 0, 1);
        }
        phone.advance(5000);
        assertShows("A sensor is at the limit of its range.");
    }

    @Test
    void recognitionContinuesAfterTheClockJumpsBackAndFarAhead() {
        startAndStand();
        wearer.clockNs -= 500_000_000_000L;
        wearer.wear(5);
        assertShows("The sensors' clock jumped; recognition continued after the jump.");
        assertRecognising();
        wearer.clockNs += 3_600_000_000_000_000L;
        wearer.wear(6);
        assertShows("Some samples were lost.");
        wearer.wear(6);
        assertFalse(phone.texts().stream().anyMatch(text -> text.contains("lost")), phone.texts().toString());
        assertRecognising();
    }

    @Test
    void silentSensorsAreReportedUntilTheyDeliverAgain() {
        startAndStand();
        phone.advance(11_000);
        assertShows("The sensors deliver no samples.");
        assertShows("Waiting for the sensors…");
        wearer.skip(11);
        wearer.wear(11);
        assertFalse(phone.texts().contains("The sensors deliver no samples."));
        assertFalse(phone.texts().contains("Waiting for the sensors…"));
    }

    @Test
    void aDamagedDayIsReplacedByAnEmptyOne() throws IOException {
        Files.write(files.resolve("day.bin"), new byte[] {1, 2, 3});
        startAndStand();
        assertShows("Still");
    }

    private void startAndStand() {
        startAndWear(STANDING_S);
        assertShows("Still");
    }

    private void assertRecognising() {
        assertShowsPart("% sure");
    }

    private void change(String asset, String text) {
        phone.changedAssets.put(asset, text.getBytes(StandardCharsets.UTF_8));
    }
}
