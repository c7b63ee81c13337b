package io.haredge.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The app's assets, as the Gradle task copies them, the other pretrained models, and a tiny model that tells places;
 * system properties name their folders.
 */
public final class TestFiles {
    private TestFiles() {}

    /** A file of the assets or of another pretrained model. */
    public static Path path(String name) {
        Path asset = Path.of(System.getProperty("haredge.assets"), name);
        return Files.exists(asset) ? asset : Path.of(System.getProperty("haredge.pretrained"), name);
    }

    public static byte[] bytes(String name) throws IOException {
        return Files.readAllBytes(path(name));
    }

    public static String text(String name) throws IOException {
        return new String(bytes(name), StandardCharsets.UTF_8);
    }

    /** A file of the model anyplace. */
    public static byte[] placesBytes(String name) throws IOException {
        return Files.readAllBytes(Path.of(System.getProperty("haredge.places"), name));
    }

    public static String placesText(String name) throws IOException {
        return new String(placesBytes(name), StandardCharsets.UTF_8);
    }

    /** A profile for the app's model: the walk of the simulated wearer is "marching". */
    public static String profile() throws IOException {
        return placesText("anna.json");
    }

    public static ByteBuffer direct(String name) throws IOException {
        byte[] content = bytes(name);
        ByteBuffer buffer = ByteBuffer.allocateDirect(content.length).order(ByteOrder.nativeOrder());
        buffer.put(content).rewind();
        return buffer;
    }
}
