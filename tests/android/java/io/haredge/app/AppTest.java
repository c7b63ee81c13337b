package io.haredge.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import android.Manifest;
import android.content.pm.ServiceInfo;
import android.hardware.Sensor;
import android.os.Build;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The app on a phone of stand-ins, with the real model in LiteRT and a simulated wearer. */
class AppTest extends OnAPhone {
    private static final String SERVICE = "io.haredge.demo.SensorService";
    private static final double STANDING_S = 12;

    @Test
    void oncePressedItNamesWhatItsOwnerDoes() {
        phone.open("MainActivity");
        assertSays("Not running");
        phone.press("Start");
        assertSays("Waiting for the sensors…");
        wearer.wear(STANDING_S);
        assertSays("Standing");
        assertSaysWith("% sure");
        assertSays("Accelerometer 50.0 Hz, gyroscope 50.0 Hz");
        wearer.wear(10);
        assertSays("Walking");
        assertEquals("Walking", phone.notification.title);
    }

    @Test
    void itRunsAsAForegroundServiceOfTypeHealthAndStopsWithoutATrace() {
        phone.open("MainActivity");
        phone.press("Start");
        assertEquals(ServiceInfo.FOREGROUND_SERVICE_TYPE_HEALTH, phone.foregroundType);
        assertEquals(1, phone.wakeLocks);
        wearer.wear(STANDING_S);
        phone.press("Stop");
        assertSays("Not running");
        assertStopped();
    }

    @Test
    void theNotificationStopsItToo() {
        startAndWear(5);
        phone.activity.startService(phone.notification.actionList.get(0).intent.intent);
        phone.run();
        assertSays("Not running");
        assertStopped();
    }

    @Test
    void ratesFrom50To500HzAreNamedAndDoNotMatter() throws IOException {
        for (double[] hz : new double[][] {{52, 52}, {104, 208}, {200, 50}, {500, 500}}) {
            unpack();
            wearer = new Wearer(phone, hz[0], hz[1]);
            phone.open("MainActivity");
            phone.press("Start");
            wearer.wear(STANDING_S);
            assertSays("Standing");
            assertSays(String.format("Accelerometer %.1f Hz, gyroscope %.1f Hz", hz[0], hz[1]));
        }
    }

    @Test
    void aPhoneWornOtherwiseIsUnknownAndItSaysWhy() {
        phone.open("MainActivity");
        phone.press("Start");
        for (int sample = 0; sample < 500; sample++) {
            long time = 5_000_000_000L + 20_000_000L * sample;
            float sway = (float) Math.sin(0.7 * sample);
            phone.deliver(Sensor.TYPE_ACCELEROMETER, time, -9 + sway, 0.5f * sway, -3 - sway);
            phone.deliver(Sensor.TYPE_GYROSCOPE, time, sway, -0.5f * sway, 0.1f * sway);
        }
        phone.run();
        assertSays("Unknown");
        assertSays("Unlike anything the model has learnt");
    }

    @Test
    void itGoesOnWhileNobodyLooksAndWhenThePhoneIsTurned() {
        phone.open("MainActivity");
        phone.press("Start");
        phone.leave();
        wearer.wear(STANDING_S);
        phone.open("MainActivity");
        assertSays("Standing");
        phone.recreate(true, true);
        assertSays("Standing");
    }

    @Test
    void aPhoneWithoutASensorIsToldSo() {
        phone.sensors.remove(Sensor.TYPE_GYROSCOPE);
        phone.open("MainActivity");
        phone.press("Start");
        assertSays("This phone has no gyroscope: the model needs one.");
        assertStopped();
        phone.sensors.clear();
        phone.press("Start");
        assertSays("This phone has no accelerometer: nothing can be recognised.");
        assertStopped();
    }

    @Test
    void aRefusedRegistrationIsSaid() {
        phone.registrationIsRefused = true;
        phone.open("MainActivity");
        phone.press("Start");
        assertSays("Android refused the sensors. Stop other apps that use them, or restart the phone.");
        assertStopped();
        phone.registrationIsRefused = false;
        phone.press("Start");
        wearer.wear(STANDING_S);
        assertSays("Standing");
    }

    @Test
    void whereAndroidKeepsItFromTheForegroundItSaysSo() {
        for (RuntimeException refusal : new RuntimeException[] {new SecurityException(), new IllegalStateException()}) {
            phone.foregroundRefusal = refusal;
            phone.open("MainActivity");
            phone.press("Start");
            assertSays("Android does not let the app run in the background now. Press Start.");
            assertStopped();
        }
    }

    @Test
    void withoutThePermissionForNotificationsItAsksAndStartsAllTheSame() {
        phone.granted.clear();
        phone.open("MainActivity");
        phone.press("Start");
        assertEquals(java.util.List.of(Manifest.permission.POST_NOTIFICATIONS), phone.asked);
        wearer.wear(STANDING_S);
        assertSays("Standing");
    }

    @Test
    void android8NeedsNeitherTypeNorPermission() {
        Build.VERSION.SDK_INT = 26;
        phone.granted.clear();
        startAndWear(STANDING_S);
        assertSays("Standing");
        assertTrue(phone.asked.isEmpty());
    }

    @Test
    void afterTheProcessDiedAndroidStartsItAgainAndTheDayGoesOn() {
        startAndWear(65);
        String before = today();
        phone.kill();
        phone.restartService(SERVICE);
        assertTrue(phone.serviceRuns());
        wearer.skip(600);
        wearer.wear(STANDING_S);
        phone.open("MainActivity");
        assertSays("Stop");
        assertTrue(before.startsWith("Today: "), before);
        assertTrue(today().startsWith("Today: "), today());
        assertFalse(phone.texts().contains("Not running"));
    }

    @Test
    void whereAndroidDoesNotOpeningTheAppStartsItAgain() {
        startAndWear(65);
        phone.kill();
        phone.open("MainActivity");
        assertTrue(phone.serviceRuns());
        phone.press("Stop");
        phone.kill();
        phone.open("MainActivity");
        assertSays("Not running");
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
