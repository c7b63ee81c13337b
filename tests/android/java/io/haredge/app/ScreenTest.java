package io.haredge.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import android.graphics.Canvas;
import android.view.View;
import android.widget.TextView;
import io.haredge.standins.Phone;
import java.awt.image.BufferedImage;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the screen draws and TalkBack reads. */
class ScreenTest extends PhoneTestCase {
    private static final int SHORT_SIDE = 720;
    private static final int LONG_SIDE = 1600;

    @BeforeEach
    void wearIt() {
        startAndWear(45);
    }

    @Test
    void theDayTheProbabilitiesAndTheCardAreDrawn() {
        List<String> drawn = draw(SHORT_SIDE).texts;
        for (String text : List.of("Today", "Walking downstairs", "0", "12", "24", "Model")) {
            assertTrue(drawn.contains(text), text + " is not among " + drawn);
        }
        String all = String.join(" ", drawn);
        assertTrue(all.contains("anywhere 0.1.0, for a phone worn at the waist or chest, in a trouser pocket"), all);
        assertTrue(all.contains("Today: Walking"), all);
        assertTrue(drawn.stream().filter(text -> text.endsWith(" %")).count() >= 6, "a percentage of each activity");
    }

    @Test
    void textIsReadableInBothThemes() {
        for (boolean night : new boolean[] {false, true}) {
            phone.recreate(false, night);
            int background = phone.activity.getColor(resource("background"));
            for (String colour : List.of("text", "faint", "warning", "accent")) {
                double contrast = contrast(phone.activity.getColor(resource(colour)), background);
                assertTrue(contrast >= 4.5, colour + " has contrast " + contrast);
            }
        }
    }

    @Test
    void theDarkThemeDrawsOtherColours() {
        Set<Integer> day = new HashSet<>(draw(SHORT_SIDE).colours);
        phone.recreate(false, true);
        Set<Integer> night = new HashSet<>(draw(SHORT_SIDE).colours);
        assertNotEquals(day, night);
    }

    @Test
    void inLandscapeTheDayIsBesideTheActivity() {
        draw(SHORT_SIDE);
        int portrait = phone.activity.content().getMeasuredHeight();
        phone.recreate(true, false);
        draw(LONG_SIDE);
        assertTrue(phone.activity.content().getMeasuredHeight() < portrait);
        for (View view : Phone.views(phone.activity.content())) {
            assertTrue(!(view instanceof TextView) || view.getWidth() <= LONG_SIDE / 2, "two columns");
        }
    }

    @Test
    void nothingIsCutOffAtTheSides() {
        for (int width : new int[] {SHORT_SIDE, LONG_SIDE}) {
            draw(width);
            for (View view : Phone.views(phone.activity.content())) {
                assertTrue(view.getLeft() >= 0 && view.getLeft() + view.getWidth() <= width, view.toString());
            }
        }
    }

    @Test
    void talkBackReadsBothChartsInWords() {
        int charts = 0;
        for (View view : Phone.views(phone.activity.content())) {
            String name = view.getClass().getSimpleName();
            if (name.equals("DayChart")) {
                assertReads("Today: Walking", view);
                charts++;
            } else if (name.equals("ProbabilityBars")) {
                assertReads("Standing ", view);
                charts++;
            } else if (view instanceof TextView) {
                assertTrue(!((TextView) view).getText().toString().isEmpty(), "a visible text is not empty");
            }
        }
        assertEquals(2, charts);
    }

    private static void assertReads(String part, View view) {
        String read = view.getContentDescription().toString();
        assertTrue(read.contains(part), read);
    }

    private Canvas draw(int width) {
        View root = phone.activity.content();
        root.place(width);
        BufferedImage image = new BufferedImage(width, root.getMeasuredHeight(), BufferedImage.TYPE_INT_ARGB);
        Canvas canvas = new Canvas(image.createGraphics());
        root.draw(canvas);
        return canvas;
    }

    private static int resource(String name) {
        try {
            return Class.forName("io.haredge.demo.R$color").getField(name).getInt(null);
        } catch (ReflectiveOperationException error) {
            throw new AssertionError(error);
        }
    }

    /** Contrast of two colours according to WCAG 2.2. */
    private static double contrast(int first, int second) {
        double a = luminance(first);
        double b = luminance(second);
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }

    private static double luminance(int colour) {
        double[] weights = {0.2126, 0.7152, 0.0722};
        double sum = 0;
        for (int channel = 0; channel < 3; channel++) {
            double value = (colour >> (16 - 8 * channel) & 0xff) / 255.0;
            sum += weights[channel] * (value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4));
        }
        return sum;
    }
}
