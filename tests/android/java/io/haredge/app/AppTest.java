package io.haredge.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import android.Manifest;
import android.app.Activity;
import android.content.Intent;
import android.content.pm.ServiceInfo;
import android.hardware.Sensor;
import android.os.Build;
import io.haredge.demo.SensorService;
import io.haredge.demo.TestFiles;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The app on stand-ins for Android, with the real model in LiteRT and a simulated wearer. */
class AppTest extends PhoneTestCase {
    private static final String SERVICE = "io.haredge.demo.SensorService";
    private static final double STANDING_S = 12;

    @Test
    void afterStartItShowsTheActivityOfItsWearer() {
        phone.open("MainActivity");
        assertShows("Not running");
        phone.press("Start");
        assertShows("Waiting for the sensors…");
        wearer.wear(STANDING_S);
        assertShows("Still");
        assertShowsPart("% sure");
        assertShows("Accelerometer 50.0 Hz, gyroscope 50.0 Hz");
        wearer.wear(10);
        assertShows("Walking");
        assertEquals("Walking", phone.notification.title);
    }

    @Test
    void itRunsAsAForegroundServiceOfTypeHealthAndReleasesEverythingWhenStopped() {
        phone.open("MainActivity");
        phone.press("Start");
        assertEquals(ServiceInfo.FOREGROUND_SERVICE_TYPE_HEALTH, phone.foregroundType);
        assertEquals(1, phone.wakeLocks);
        wearer.wear(STANDING_S);
        phone.press("Stop");
        assertShows("Not running");
        assertStopped();
    }

    @Test
    void stoppingWhileTheModelIsLoadedLeavesItStopped() {
        Activity screen = phone.open("MainActivity");
        screen.startForegroundService(new Intent(screen, SensorService.class).setAction("io.haredge.demo.START"));
        screen.startService(new Intent(screen, SensorService.class).setAction("io.haredge.demo.STOP"));
        phone.run();
        assertShows("Not running");
        assertStopped();
    }

    @Test
    void theButtonOfTheNotificationStopsIt() {
        startAndWear(5);
        phone.activity.startService(phone.notification.actionList.get(0).intent.intent);
        phone.run();
        assertShows("Not running");
        assertStopped();
    }

    @Test
    void ratesFrom50To500HzAreShownAndGiveTheSameActivity() throws IOException {
        for (double[] hz : new double[][] {{52, 52}, {104, 208}, {200, 50}, {500, 500}}) {
            unpack();
            wearer = new Wearer(phone, hz[0], hz[1]);
            phone.open("MainActivity");
            phone.press("Start");
            wearer.wear(STANDING_S);
            assertShows("Still");
            assertShows(String.format("Accelerometer %.1f Hz, gyroscope %.1f Hz", hz[0], hz[1]));
        }
    }

    @Test
    void aMovementUnlikeTheTrainingDataGivesUnknownWithTheReason() {
        phone.open("MainActivity");
        phone.press("Start");
        for (int sample = 0; sample < 500; sample++) {
            long time = 5_000_000_000L + 20_000_000L * sample;
            float sway = (float) Math.sin(0.7 * sample);
            phone.deliver(Sensor.TYPE_ACCELEROMETER, time, 18 + sway, 0.1f * sway, 0.1f * sway); // Nearly twice gravity.
            phone.deliver(Sensor.TYPE_GYROSCOPE, time, sway, -sway, 0.3f * sway);
        }
        phone.run();
        assertShows("Unknown");
        assertShows("Unlike anything in the training data");
    }

    @Test
    void itContinuesInTheBackgroundAndWhenThePhoneIsTurned() {
        phone.open("MainActivity");
        phone.press("Start");
        phone.leave();
        wearer.wear(STANDING_S);
        phone.open("MainActivity");
        assertShows("Still");
        phone.recreate(true, true);
        assertShows("Still");
    }

    @Test
    void aSecondScreenIsUpdatedAfterTheFirstOneStops() {
        phone.open("MainActivity");
        phone.press("Start");
        Activity first = phone.activity;
        phone.open("MainActivity");
        first.driveStop();
        wearer.wear(STANDING_S);
        assertShows("Still");
    }

    @Test
    void withoutAGyroscopeItGoesOnWithTheAccelerometerAndSaysSo() {
        phone.sensors.remove(Sensor.TYPE_GYROSCOPE);
        startAndWear(STANDING_S + 10);
        assertShows("Walking");
        assertShows("Accelerometer 50.0 Hz. This phone has no gyroscope: the accelerometer alone is used.");
        phone.press("Stop");
        assertStopped();
    }

    @Test
    void aSensorThatTheModelNeedsAndThePhoneDoesNotHaveIsReported() throws IOException {
        String card = TestFiles.text("anywhere.json");
        phone.changedAssets.put("anywhere.json", card.replace("\"optional\"", "\"required\"").getBytes(UTF_8));
        phone.sensors.remove(Sensor.TYPE_GYROSCOPE);
        phone.open("MainActivity");
        phone.press("Start");
        assertShows("This phone has no gyroscope: the model needs one.");
        assertStopped();
        phone.sensors.clear();
        phone.press("Start");
        assertShows("This phone has no accelerometer: nothing can be recognised.");
        assertStopped();
    }

    @Test
    void aRefusedRegistrationIsReported() {
        phone.registrationIsRefused = true;
        phone.open("MainActivity");
        phone.press("Start");
        assertShows("Android refused the sensors. Stop other apps that use them, or restart the phone.");
        assertStopped();
        phone.registrationIsRefused = false;
        phone.press("Start");
        wearer.wear(STANDING_S);
        assertShows("Still");
    }

    @Test
    void aRefusalToRunInTheForegroundIsReported() {
        for (RuntimeException refusal : new RuntimeException[] {new SecurityException(), new IllegalStateException()}) {
            phone.foregroundRefusal = refusal;
            phone.open("MainActivity");
            phone.press("Start");
            assertShows("Android did not let the app run in the background. Press Start.");
            assertStopped();
        }
    }

    @Test
    void itAsksForThePermissionForNotificationsAndStartsEvenIfRefused() {
        phone.granted.clear();
        phone.open("MainActivity");
        phone.press("Start");
        assertEquals(List.of(Manifest.permission.POST_NOTIFICATIONS), phone.asked);
        wearer.wear(STANDING_S);
        assertShows("Still");
    }

    @Test
    void android8NeedsNeitherTypeNorPermission() {
        Build.VERSION.SDK_INT = 26;
        phone.granted.clear();
        startAndWear(STANDING_S);
        assertShows("Still");
        assertTrue(phone.asked.isEmpty());
    }

    @Test
    void afterTheProcessDiedAndroidRestartsItAndTheDayContinues() {
        startAndWear(65);
        String before = today();
        phone.kill();
        phone.restartService(SERVICE);
        assertTrue(phone.serviceRuns());
        wearer.skip(600);
        wearer.wear(STANDING_S);
        phone.open("MainActivity");
        assertShows("Stop");
        assertTrue(before.startsWith("Today: "), before);
        assertTrue(today().startsWith("Today: "), today());
        assertFalse(phone.texts().contains("Not running"));
    }

    @Test
    void ifAndroidDoesNotRestartItOpeningTheAppDoes() {
        startAndWear(65);
        phone.kill();
        phone.open("MainActivity");
        assertTrue(phone.serviceRuns());
        phone.press("Stop");
        phone.kill();
        phone.open("MainActivity");
        assertShows("Not running");
        assertTrue(today().startsWith("Today: "), today());
        assertFalse(phone.serviceRuns());
    }

    private String today() {
        return phone.texts().stream()
                .filter(text -> text.startsWith("Today: ") || text.startsWith("Nothing"))
                .findFirst().get();
    }

    private void assertStopped() {
        assertFalse(phone.serviceRuns());
        assertFalse(phone.isListenedTo(Sensor.TYPE_ACCELEROMETER));
        assertFalse(phone.isListenedTo(Sensor.TYPE_GYROSCOPE));
        assertEquals(0, phone.wakeLocks);
        assertNull(phone.notification);
    }
}
