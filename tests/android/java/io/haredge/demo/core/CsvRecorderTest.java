package io.haredge.demo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
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
        }
        List<String> lines = out.toString().lines().collect(Collectors.toList());
        assertEquals("time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z", lines.get(0));
        assertEquals("12.000000034,0.10000000149011612,-1.0,NaN,,,", lines.get(1));
        assertEquals("-0.000000005,,,,1.0E-4,0.0,2.0", lines.get(2));
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
