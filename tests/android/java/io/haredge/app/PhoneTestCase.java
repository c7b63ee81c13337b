package io.haredge.app;

import static org.junit.jupiter.api.Assertions.assertTrue;

import android.Manifest;
import io.haredge.standins.Phone;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Gives each test a new phone with the app and a simulated wearer. */
abstract class PhoneTestCase {
    @TempDir Path files;
    Phone phone;
    Wearer wearer;

    @BeforeEach
    void unpack() throws IOException {
        phone = new Phone(files.toFile());
        phone.granted.add(Manifest.permission.POST_NOTIFICATIONS);
        wearer = new Wearer(phone, 50, 50);
    }

    /** Opens the app, presses Start and wears the phone, standing at first. */
    void startAndWear(double seconds) {
        phone.open("MainActivity");
        phone.press("Start");
        wearer.wear(seconds);
    }

    void assertShows(String text) {
        assertShows(text, text::equals);
    }

    void assertShowsPart(String part) {
        assertShows(part, text -> text.contains(part));
    }

    private void assertShows(String what, Predicate<String> matches) {
        assertTrue(phone.texts().stream().anyMatch(matches), () -> what + " is not among " + phone.texts());
    }
}
