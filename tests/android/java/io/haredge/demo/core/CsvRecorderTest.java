package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class CsvRecorderTest {
    @Test
    void eachEventIsALineWithEveryDigit() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (CsvRecorder recorder = new CsvRecorder(out)) {
            recorder.pushAccelerometer(12_000_000_034L, 0.1f, -1, Double.NaN);
            recorder.pushGyroscope(-5L, 1e-4, 0, 2);
            recorder.label("stairs_up");
            recorder.pushAccelerometer(7L, 1, 2, 3);
            recorder.label("");
            recorder.pushGyroscope(8L, 1, 2, 3);
        }
        List<String> lines = out.toString().lines().collect(Collectors.toList());
        assertEquals("time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,label", lines.get(0));
        assertEquals("12.000000034,0.10000000149011612,-1.0,NaN,,,,", lines.get(1));
        assertEquals("-0.000000005,,,,1.0E-4,0.0,2.0,", lines.get(2));
        assertEquals("0.000000007,1.0,2.0,3.0,,,,stairs_up", lines.get(3));
        assertEquals("0.000000008,,,,1.0,2.0,3.0,", lines.get(4));
    }

    @Test
    void aLabelIsOneCellWhateverIsInIt() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (CsvRecorder recorder = new CsvRecorder(out)) {
            String[] labels = {"a,b\"c\nd\u001b[2J", "gr\u00f6\u00dfer \u8d70\u308b", "x".repeat(5000)};
            for (String label : labels) {
                recorder.label(label);
                recorder.pushAccelerometer(0, 1, 2, 3);
            }
            recorder.flush();
            assertEquals(out.size(), recorder.size());
        }
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().collect(Collectors.toList());
        assertEquals(4, lines.size());
        assertEquals("0.000000000,1.0,2.0,3.0,,,,a b c d [2J", lines.get(1));
        assertEquals("0.000000000,1.0,2.0,3.0,,,,gr\u00f6\u00dfer \u8d70\u308b", lines.get(2));
        assertEquals("0.000000000,1.0,2.0,3.0,,,," + "x".repeat(80), lines.get(3));
    }

    @Test
    void aLabelledRecordingIsWrittenForTheReplay() throws IOException {
        Path path = Path.of(System.getProperty("haredge.out"), "labelled.csv");
        try (CsvRecorder recorder = new CsvRecorder(Files.newOutputStream(path))) {
            for (int count = 0; count < 300; count++) {
                if (count % 100 == 0) {
                    recorder.label(new String[] {"walking", "", "gr\u00f6\u00dfer, h\u00f6her"}[count / 100]);
                }
                recorder.pushAccelerometer(count * 20_000_000L, 0, 0, 9.8);
                recorder.pushGyroscope(count * 20_000_000L + 7_000_000L, 0, 0, 0.1);
            }
        }
        assertTrue(Files.size(path) > 0);
    }

    @Test
    void everyWriteToTheFileEndsWithAWholeLine() throws IOException {
        StringBuilder written = new StringBuilder();
        CsvRecorder recorder = new CsvRecorder(new OutputStream() {
            @Override
            public void write(int letter) {
                throw new AssertionError("byte by byte");
            }

            @Override
            public void write(byte[] bytes, int from, int length) {
                assertEquals('\n', bytes[from + length - 1]);
                written.append(new String(bytes, from, length, java.nio.charset.StandardCharsets.US_ASCII));
            }
        });
        for (int count = 0; count < 10_000; count++) {
            recorder.pushAccelerometer(count * 1_000_003L, 1.0 / (count + 1), -2.0 / 3, count);
        }
        recorder.close();
        assertEquals(10_001, written.toString().lines().count());
        assertEquals(written.length(), recorder.size());
    }

    @Test
    void aFullDiskRaisesAnError() throws IOException {
        CsvRecorder recorder = new CsvRecorder(new OutputStream() {
            @Override
            public void write(int letter) throws IOException {
                throw new IOException("No space left on device");
            }
        });
        assertThrows(IOException.class, () -> {
            for (int count = 0; count < 10_000; count++) {
                recorder.pushGyroscope(count, 1, 2, 3);
            }
        });
    }
}
