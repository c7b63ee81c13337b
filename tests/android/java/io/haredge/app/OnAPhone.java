package io.haredge.app;

import static org.junit.jupiter.api.Assertions.assertTrue;

import android.Manifest;
import io.haredge.standins.Phone;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A phone with the app on it and a simulated wearer, for each test a new one. */
abstract class OnAPhone {
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

    void assertSays(String text) {
        assertSays(text, text::equals);
    }

    void assertSaysWith(String part) {
        assertSays(part, text -> text.contains(part));
    }

    private void assertSays(String what, Predicate<String> says) {
        assertTrue(phone.texts().stream().anyMatch(says), () -> what + " is not among " + phone.texts());
    }
}
