package io.haredge.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import android.content.Intent;
import android.view.View;
import android.widget.Button;
import io.haredge.standins.Phone;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The benchmark screen. */
class BenchmarkTest {
    @TempDir Path files;
    private Phone phone;

    @BeforeEach
    void open() {
        phone = new Phone(files.toFile());
        phone.open("BenchmarkActivity");
    }

    @Test
    @Tag("slow")
    void bothModelsAreMeasuredAndSharedAsJson() throws IOException {
        assertFalse(button("Share as JSON").isEnabled());
        phone.press("Run");
        String shown = String.join("\n", phone.texts());
        assertTrue(shown.contains("anywhere: p50 ") && shown.contains("anywhere-fp32.tflite: p50 "), shown);
        phone.press("Share as JSON");
        Intent chooser = phone.launched.get(0);
        assertEquals(Intent.ACTION_CHOOSER, chooser.getAction());
        assertEquals(Intent.ACTION_SEND, chooser.inner().getAction());
        String json = chooser.inner().getStringExtra(Intent.EXTRA_TEXT);
        Files.writeString(Path.of(System.getProperty("haredge.out"), "benchmark.json"), json);
    }

    @Test
    void aBrokenModelIsReported() {
        phone.changedAssets.put("anywhere-fp32.tflite", new byte[] {0, 1, 2});
        phone.press("Run");
        String shown = String.join("\n", phone.texts());
        assertTrue(shown.contains("The model cannot be used: LiteRT cannot load it"), shown);
        assertFalse(button("Share as JSON").isEnabled());
        assertTrue(button("Run").isEnabled());
    }

    @Test
    void aModelThatFailsWhileRunningIsReported() {
        phone.inferenceFails = true;
        phone.press("Run");
        String shown = String.join("\n", phone.texts());
        assertTrue(shown.contains("The model cannot be used: LiteRT cannot run it (Internal error"), shown);
        assertTrue(button("Run").isEnabled());
    }

    private View button(String text) {
        for (View view : Phone.views(phone.activity.content())) {
            if (view instanceof Button && ((Button) view).getText().toString().equals(text)) {
                return view;
            }
        }
        throw new AssertionError("no button " + text);
    }
}
