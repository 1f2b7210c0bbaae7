//! A table as Parquet, for programs that read columns. Text is text and dates are ISO text, for many lie before what
//! such programs count days from; an empty cell is null; a table without rows is its schema.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use super::Table;

/// How many rows stand in one group: what a reader holds at once.
const GROUP: usize = 100_000;

/// Writes a table.
pub(super) fn bytes(table: &Table) -> Result<Vec<u8>, ParquetError> {
    let mut bytes = Vec::new();
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema(table)?, Arc::new(properties))?;
    for from in (0..table.rows.len()).step_by(GROUP) {
        let rows = from..table.rows.len().min(from + GROUP);
        let mut group = writer.next_row_group()?;
        let mut number = 0;
        while let Some(mut column) = group.next_column()? {
            write(column.untyped(), rows.clone().filter_map(|row| table.rows.row(row).nth(number)))?;
            column.close()?;
            number += 1;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(bytes)
}

fn schema(table: &Table) -> Result<TypePtr, ParquetError> {
    let column = |name: &&str| {
        let is_number = table.numbers.contains(name);
        let physical = if is_number { Physical::INT64 } else { Physical::BYTE_ARRAY };
        let logical = if is_number { None } else { Some(LogicalType::String) };
        let column = Type::primitive_type_builder(name, physical).with_logical_type(logical);
        column.with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
    };
    let columns = table.headers.iter().map(column).collect::<Result<_, _>>()?;
    Type::group_type_builder("table").with_fields(columns).build().map(Arc::new)
}

fn write<'t>(
    column: &mut ColumnWriter<'_>,
    cells: impl Iterator<Item = &'t str>,
) -> Result<(), ParquetError> {
    let mut there = Vec::new();
    let mut present = Vec::new();
    for cell in cells {
        there.push(i16::from(!cell.is_empty()));
        present.extend((!cell.is_empty()).then_some(cell));
    }
    match column {
        ColumnWriter::Int64ColumnWriter(column) => {
            let number = |cell: &&str| {
                cell.parse::<i64>().map_err(|_| ParquetError::General(format!("`{cell}` is no whole number")))
            };
            let numbers: Vec<i64> = present.iter().map(number).collect::<Result<_, _>>()?;
            column.write_batch(&numbers, Some(&there), None)?;
        }
        ColumnWriter::ByteArrayColumnWriter(column) => {
            let texts: Vec<ByteArray> = present.into_iter().map(ByteArray::from).collect();
            column.write_batch(&texts, Some(&there), None)?;
        }
        ColumnWriter::BoolColumnWriter(_)
        | ColumnWriter::Int32ColumnWriter(_)
        | ColumnWriter::Int96ColumnWriter(_)
        | ColumnWriter::FloatColumnWriter(_)
        | ColumnWriter::DoubleColumnWriter(_)
        | ColumnWriter::FixedLenByteArrayColumnWriter(_) => unreachable!("columns are numbers or text"),
    }
    Ok(())
}
