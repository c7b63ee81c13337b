package io.haredge.app;

import android.Manifest;
import android.graphics.Canvas;
import android.view.View;
import io.haredge.demo.core.Day;
import io.haredge.standins.Phone;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.DataOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Draws the README's picture with stand-ins for Android: the main screen with the light and the dark theme. */
final class Picture {
    private static final int WIDTH = 720;
    private static final int GAP = 24;
    private static final double SECONDS = 20;
    /** Labels and families of the app's model. */
    private static final String[] ACTIVITIES = {"standing", "sitting", "lying", "walking", "running", "stairs_up",
        "stairs_down", "unknown", "resting", "still", "on_foot"};
    /** A made-up day: first minute and activity of each stretch. */
    private static final int[][] DAY = {
        {0, 2}, {415, 0}, {425, 3}, {440, 1}, {462, 0}, {470, 3}, {492, 5}, {494, 1}, {610, 3}, {616, 0}, {625, 1},
        {722, 6}, {725, 3}, {741, 0}, {752, 1}, {790, 3}, {806, 5}, {809, 1}, {905, 0}, {915, 1}, {988, Day.NOTHING}
    };

    private Picture() {}

    public static void main(String[] arguments) throws IOException {
        Path files = Files.createTempDirectory("haredge");
        writeDay(files.resolve("day.bin").toFile());
        Phone phone = new Phone(files.toFile());
        phone.granted.add(Manifest.permission.POST_NOTIFICATIONS);
        phone.open("MainActivity");
        phone.press("Start");
        new Wearer(phone, 52, 52).wear(SECONDS);
        BufferedImage light = draw(phone);
        phone.recreate(false, true);
        BufferedImage dark = draw(phone);
        int height = Math.max(light.getHeight(), dark.getHeight());
        BufferedImage both = new BufferedImage(2 * WIDTH + GAP, height, BufferedImage.TYPE_INT_ARGB);
        both.createGraphics().drawImage(light, 0, 0, null);
        both.createGraphics().drawImage(dark, WIDTH + GAP, 0, null);
        ImageIO.write(both, "png", new File(arguments[0]));
    }

    private static BufferedImage draw(Phone phone) {
        View root = phone.activity.content();
        root.place(WIDTH);
        BufferedImage image = new BufferedImage(WIDTH, root.getMeasuredHeight(), BufferedImage.TYPE_INT_ARGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setColor(new Color(phone.activity.getColor(io.haredge.demo.R.color.background), true));
        graphics.fillRect(0, 0, WIDTH, image.getHeight());
        root.draw(new Canvas(graphics));
        return image;
    }

    private static void writeDay(File file) throws IOException {
        Day day = new Day(ACTIVITIES);
        long minuteMs = 60_000L;
        long midnight = Math.floorDiv(System.currentTimeMillis(), Day.MINUTES * minuteMs) * Day.MINUTES * minuteMs;
        for (int stretch = 0; stretch + 1 < DAY.length; stretch++) {
            for (int minute = DAY[stretch][0]; minute < DAY[stretch + 1][0]; minute++) {
                for (int window = 0; window < 120; window++) {
                    day.count(midnight + minute * minuteMs, DAY[stretch][1], window % 2 * walked(DAY[stretch][1]));
                }
            }
        }
        try (DataOutputStream out = new DataOutputStream(new FileOutputStream(file))) {
            day.write(out);
        }
    }

    /** Steps in a second of an activity. */
    private static int walked(int activity) {
        return activity == 3 || activity == 5 || activity == 6 ? 2 : 0;
    }
}
